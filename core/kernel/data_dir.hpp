// The data directory: made if missing, locked against a second server, and its identity.
//
// <data dir>/VARVE is text: "varve 1\nhash_seed <16 hex digits>\nchecksum <16 hex digits>\n"; the
// checksum is XXH3-64 of the lines before it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/env.hpp"
#include "kernel/log.hpp"

namespace varve {

class DataDir {
  public:
    // failed_precondition: another server holds it; data_loss: the identity is damaged (its seed
    // would be a guess, so storage must hash anew: the file is quarantined and a new seed is made).
    static Result<std::unique_ptr<DataDir>> open(const std::string &path, Env &env, Log &log);
    ~DataDir();

    const std::string &path() const { return path_; }
    std::string quarantine() const { return path_ + "/quarantine"; }
    uint64_t hash_seed() const { return hash_seed_; }

  private:
    DataDir(std::string path, int lock_fd) : path_(std::move(path)), lock_fd_(lock_fd) {}
    Status read_identity(Env &env, Log &log);

    const std::string path_;
    const int lock_fd_;
    uint64_t hash_seed_ = 0;
};

}  // namespace varve
