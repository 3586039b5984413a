// Graphite's plaintext protocol: bytes → batch, without sockets and without a clock.
//
//   <path>[;tag=value…] <value> [<timestamp>]\n
//
// Any white space between the two or three fields. The path becomes name, tags and field by a
// template (template.hpp, template_tree.hpp); tags behind a `;` are Graphite's own and win over the
// template's, which win over those of the configuration. Values are floats: NaN is dropped and
// counted, infinity refused. Timestamps are seconds, see numbers.hpp; -1 or none is now.
//
//   auto codec = graphite_text::Codec::make(options);
//   codec->read(text, now_ns);       // any number of times
//   auto parsed = codec->finish(0);  // the batch of all of them
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/batch/bad_rows.hpp"
#include "common/batch/batch_builder.hpp"
#include "common/graphite_text/series_cache.hpp"
#include "common/graphite_text/template_tree.hpp"

namespace varve::graphite_text {

struct Options {
    std::vector<std::string> templates;  // `[filter] template [tag=value,…]`
    std::vector<std::string> tags;       // "k=v", for paths that have no k
    std::string separator = ".";
    uint64_t hash_seed = 0;
    size_t line_size_max = 64 * 1024;  // longer lines are refused
    // Of what is remembered about paths; looked at between batches, beyond it all is forgotten.
    size_t cache_size_max_bytes = 32 * 1024 * 1024;
};

struct Parsed {
    varve_batch *batch = nullptr;  // the caller releases it; null if there is no row
    BadRows bad_rows;
    uint64_t nan_count = 0;        // values dropped because they are NaN
    uint64_t long_line_count = 0;  // of the bad rows: longer than line_size_max
};

// Not thread-safe; its batches may be released on any thread, later than the codec.
class Codec {
  public:
    // invalid_argument with InfluxDB's text where the configuration is wrong.
    static Result<Codec> make(const Options &options);

    // Reads whole lines; the last may lack its newline. A line without a timestamp gets `now_ns`,
    // or 1 ns more than the one before it: values of one path stay apart.
    void read(std::string_view text, int64_t now_ns);
    // Reports a line, of which this is the start, as too long: read() does so for whole lines.
    void refuse_long(std::string_view line);
    // Rows, bad lines and NaNs since the last finish().
    uint64_t line_count() const { return line_count_; }

    // What was read since the last time, as one batch.
    Parsed finish(uint64_t producer);

  private:
    Codec(TemplateTree tree, TagList tags, const Options &options);

    Status read_line(std::string_view line, int64_t now_ns);
    Result<KnownPath *> known(std::string_view path);
    Result<KnownPath *> learn(std::string_view path);
    Status add_path_tags(std::string_view path, std::string_view tags);
    void place(Series &series);

    TemplateTree tree_;
    TagList tags_;
    uint64_t hash_seed_;
    size_t line_size_max_;
    size_t cache_size_max_bytes_;

    std::shared_ptr<SeriesCache> cache_;  // shared by the batches whose texts lie in it
    KnownPath *last_ = nullptr;
    uint64_t generation_ = 1;

    BatchBuilder batch_;
    Parsed parsed_;
    uint64_t line_count_ = 0;
    uint32_t ordinal_ = 0;
    int64_t last_now_ns_ = INT64_MIN;

    // Kept for their memory.
    std::vector<std::string_view> parts_;
    Applied applied_;
    std::string key_;
};

}  // namespace varve::graphite_text
