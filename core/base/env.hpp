// The seam to the world: files, time, randomness. Everything that touches them goes through an Env,
// so that tests can inject faults, cut the power and set the clock; plugins get the same Env
// through varve_host_file and varve_host_clock.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <varve/host/file.h>

#include "base/status.hpp"

namespace varve {

// A read-only mapping of a file; unmaps when destroyed. Bytes live as long as it does.
class MappedFile {
  public:
    virtual ~MappedFile() = default;
    virtual std::span<const char> bytes() const = 0;
};

// An open file; closes when destroyed (never syncs, never fails). Reads and writes may run at the
// same time from several threads.
class File {
  public:
    virtual ~File() = default;

    // Reads up to size bytes; fewer only at the end of the file.
    virtual Result<uint64_t> read_at(uint64_t offset, void *out, uint64_t size) = 0;
    // Writes all parts one behind the other, or fails.
    virtual Status write_at(uint64_t offset, std::span<const varve_bytes> parts) = 0;
    // fdatasync. After a failure the state of the unsynced pages is unknown.
    virtual Status sync() = 0;
    virtual Status truncate(uint64_t size) = 0;
    // Afterwards the file is at least this long, new bytes zero, and their space is reserved.
    virtual Status allocate(uint64_t size) = 0;
    virtual Result<uint64_t> size() = 0;
    virtual Result<std::unique_ptr<MappedFile>> map(uint64_t size) = 0;
};

class Env {
  public:
    virtual ~Env() = default;

    // flags: VARVE_FILE_… of varve/host/file.h. New files have mode 0640.
    virtual Result<std::unique_ptr<File>> open(const std::string &path, uint32_t flags) = 0;
    virtual Status rename(const std::string &from, const std::string &to) = 0;
    // A file or an empty directory.
    virtual Status remove(const std::string &path) = 0;
    virtual Status link(const std::string &from, const std::string &to) = 0;
    // With missing parents, mode 0750; fine if it exists.
    virtual Status make_directory(const std::string &path) = 0;
    // Names without . and .., unordered; directories end in '/'.
    virtual Result<std::vector<std::string>> list(const std::string &path) = 0;
    // Makes names in the directory durable.
    virtual Status sync_directory(const std::string &path) = 0;
    virtual Result<uint64_t> free_space(const std::string &path) = 0;

    virtual int64_t now_ns() = 0;        // since the Unix epoch
    virtual int64_t monotonic_ns() = 0;  // never goes back
    virtual void random(void *out, uint64_t size) = 0;

    // The real one. Lives as long as the process; thread-safe.
    static Env &posix();
};

// The whole file as a string.
Result<std::string> read_file(Env &env, const std::string &path);

// Replaces the file so that either the old or the new content survives a power cut: a temporary
// neighbour, fdatasync, rename, sync of the directory.
Status write_file_durably(Env &env, const std::string &path, std::string_view content);

}  // namespace varve
