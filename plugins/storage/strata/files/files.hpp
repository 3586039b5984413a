// Files through the host, as C++: handles that close themselves and Status instead of codes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <varve/cpp/host.hpp>

#include "storage/strata/files/bytes.hpp"

namespace varve::strata {

// An open file; closes when destroyed. Reads and writes may run on several threads.
class OpenFile {
  public:
    OpenFile() = default;
    OpenFile(const varve_host_file *table, varve_file *file) : table_(table), file_(file) {}
    OpenFile(OpenFile &&other) noexcept;
    OpenFile &operator=(OpenFile &&other) noexcept;
    ~OpenFile();

    explicit operator bool() const { return file_ != nullptr; }
    // Exactly `size` bytes; data_loss when the file ends before.
    Status read_exactly(uint64_t offset, void *out, uint64_t size) const;
    Status write(uint64_t offset, std::string_view bytes);
    Status write(uint64_t offset, std::span<const varve_bytes> parts);
    Status sync();
    Status truncate(uint64_t size);
    Result<uint64_t> size() const;

  private:
    friend class Files;
    const varve_host_file *table_ = nullptr;
    varve_file *file_ = nullptr;
};

// A read-only mapping of a file; unmaps when destroyed. The bytes stay where they are when it
// moves.
class FileView {
  public:
    FileView() = default;
    FileView(const varve_host *host, const varve_host_file *table, varve_file_view mapped)
        : host_(host), table_(table), view_(mapped) {}
    FileView(FileView &&other) noexcept;
    FileView &operator=(FileView &&other) noexcept;
    ~FileView();

    std::string_view bytes() const { return {static_cast<const char *>(view_.data), view_.size}; }

  private:
    const varve_host *host_ = nullptr;
    const varve_host_file *table_ = nullptr;
    varve_file_view view_{};
};

class Files {
  public:
    explicit Files(Host host) : host_(host), table_(host.files()) {}

    Result<OpenFile> open(const std::string &path, uint32_t flags) const;
    Result<std::string> read_all(const std::string &path) const;
    // The whole file, mapped; it may be removed while the view lives.
    Result<FileView> map(const std::string &path) const;
    // Replaces a small file so that it is there as a whole or not at all, and durable: a temporary
    // neighbour, sync, rename, sync of the directory.
    Status write_whole(const std::string &path, std::string_view bytes) const;
    Status rename(const std::string &from, const std::string &to) const;
    Status remove(const std::string &path) const;
    // A hard link, or a synced copy where there can be none.
    Status link_or_copy(const std::string &from, const std::string &to) const;
    // XXH3-64 of the whole file.
    Result<uint64_t> sum_of(const std::string &path) const;
    Status make_directory(const std::string &path) const;
    Status sync_directory(const std::string &path) const;
    // Sorted; directories end in '/'. A missing directory is empty.
    Result<std::vector<std::string>> list(const std::string &path) const;
    // A directory with everything below it; what is missing is fine.
    Status remove_tree(const std::string &path) const;
    Uuid random_uuid() const;
    const Host &host() const { return host_; }

  private:
    Host host_;
    const varve_host_file *table_;
};

// "w-17.vwal" with prefix "w-" and suffix ".vwal" is 17; 0 when the name has another form.
uint64_t number_in_name(std::string_view name, std::string_view prefix, std::string_view suffix);

// "…/a/b" → "…/a".
std::string parent_of(const std::string &path);

}  // namespace varve::strata
