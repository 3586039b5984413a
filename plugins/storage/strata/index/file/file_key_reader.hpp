// Puts the keys of an index file together again. Remembers shapes, the values of small columns and
// where it stands, so that ascending ids cost least.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/strata/index/file/dictionary.hpp"
#include "storage/strata/index/file/index_file.hpp"

namespace varve::strata {

// One thread. As with IndexFile, false means that the file is damaged.
class FileKeyReader {
  public:
    explicit FileKeyReader(std::shared_ptr<const IndexFile> file) : file_(std::move(file)) {}

    const IndexFile &file() const { return *file_; }
    // Assigns the key; empty when the file has no such id.
    bool key_of(uint32_t id, std::string &out);
    bool has_key(uint32_t id, std::string_view key, bool &same);

  private:
    struct Column {
        std::string prefix;  // ",key=", escaped
        uint32_t column = 0;
        Dictionary dictionary;
        // Of columns with at most kRemembered values: by number, escaped; empty = not read yet.
        std::vector<std::string> values;
    };
    struct Shape {
        std::string measurement;        // escaped
        std::vector<uint32_t> numbers;  // of its columns
        std::vector<Column *> columns;  // the same; none until a key is read
    };

    bool read_key(uint32_t id, std::string &out);
    bool find_block(uint32_t id, uint32_t &found) const;
    bool open_block(uint32_t id);
    bool seek(uint32_t id, bool &found);
    void pass();
    bool read_shape(uint32_t number, Shape *&out);
    bool read_column(uint32_t number, Column *&out);
    bool append_value(Column &column, uint32_t number, std::string &out);

    static constexpr uint32_t kRemembered = 1024;
    static constexpr size_t kShapesMax = 4096;

    std::shared_ptr<const IndexFile> file_;
    std::unordered_map<uint32_t, Shape> shapes_;
    std::unordered_map<uint32_t, Column> columns_;  // shapes point into it
    Shape *last_shape_ = nullptr;
    uint32_t last_shape_number_ = 0;
    std::string text_;
    std::string key_;

    // Where the reader stands: before the series with next_id_ of a block with left_ more.
    VarintReader at_;
    uint32_t left_ = 0;
    uint64_t next_id_ = 0;
    bool gaps_ = false;
    uint64_t block_end_id_ = 0;  // the next block's first id
};

}  // namespace varve::strata
