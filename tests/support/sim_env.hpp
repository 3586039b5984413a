// A disk in memory that can fail and lose its power. Every file has what was written and what was
// synced; every name is durable only after its directory was synced. A power cut leaves what was
// durable and, by the seed, some of what was not: whole sectors of unsynced writes survive or are
// lost one by one.
#pragma once

#include <map>
#include <mutex>
#include <random>
#include <set>

#include "base/env.hpp"

namespace varve::test {

enum class Fault { none, io_error, no_space, short_write, sync_fails, power };

class SimEnv final : public Env {
  public:
    explicit SimEnv(uint64_t seed) : random_(seed) {}

    // The operation with this number (from now, 1 = the next) fails; `power` fails that and all
    // later ones until reboot().
    void fail_at(uint64_t operation, Fault fault);
    // What is left after a power cut becomes the disk's state.
    void reboot();
    uint64_t operations() const;
    // Changes one byte of a file for good.
    void flip(const std::string &path, uint64_t offset, uint8_t mask);
    std::vector<std::string> files() const;
    std::string content(const std::string &path) const;
    void put(const std::string &path, std::string content);

    Result<std::unique_ptr<File>> open(const std::string &path, uint32_t flags) override;
    Status rename(const std::string &from, const std::string &to) override;
    Status remove(const std::string &path) override;
    Status link(const std::string &from, const std::string &to) override;
    Status make_directory(const std::string &path) override;
    Result<std::vector<std::string>> list(const std::string &path) override;
    Status sync_directory(const std::string &path) override;
    Result<uint64_t> free_space(const std::string &path) override;
    int64_t now_ns() override { return Env::posix().now_ns(); }
    int64_t monotonic_ns() override { return Env::posix().monotonic_ns(); }
    void random(void *out, uint64_t size) override;

  private:
    friend class SimFile;
    struct Node {
        std::string written;
        std::string synced;
    };
    using Names = std::map<std::string, std::shared_ptr<Node>>;

    // Counts an operation that changes something; the fault that strikes it. [locked]
    Fault strike();
    static Status status_of(Fault fault, const std::string &path);

    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    Names names_;
    Names durable_names_;
    std::set<std::string> directories_;
    uint64_t operations_ = 0;
    uint64_t fault_at_ = 0;
    Fault fault_ = Fault::none;
    bool dead_ = false;
    uint64_t life_ = 0;
};

}  // namespace varve::test
