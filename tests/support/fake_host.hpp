// A host for plugins under test: log, configuration, metrics, memory, clock, files and tasks over
// an Env of the test's choice, and a write service that records. Threads are real; everything else
// the test sets and reads.
//
//   varve::test::FakeHost host(varve::Env::posix(), "/tmp/x");
//   host.use_defaults(MyStorage::descriptor());
//   host.set("memtable_size_max", 1 << 20);
//   MyStorage storage{varve::Host(host.raw())};
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <varve/plugin.h>
#include <varve/cpp/host.hpp>

#include "base/env.hpp"
#include "support/recorded_writes.hpp"

namespace varve::test {

class FakeHost {
  public:
    FakeHost(Env &env, std::string data_dir);
    ~FakeHost();
    FakeHost(const FakeHost &) = delete;
    FakeHost &operator=(const FakeHost &) = delete;

    const varve_host *raw() const { return &host_; }
    Host host() const { return Host(&host_); }

    // ---- configuration: integers, sizes in bytes, durations in ns, booleans as 0 and 1 ----
    void use_defaults(const varve_descriptor &descriptor);
    void set(const std::string &key, int64_t value) { integers_[key] = value; }
    void set(const std::string &key, std::string value) { strings_[key] = std::move(value); }
    void set(const std::string &key, std::vector<std::string> values) {
        string_lists_[key] = std::move(values);
    }
    void set_instance_name(std::string name) { instance_name_ = std::move(name); }
    void set_hash_seed(uint64_t seed) { hash_seed_ = seed; }
    // The limit of a top account ("write"); 0 = none.
    void set_memory_limit(const std::string &account, uint64_t limit_bytes);

    // ---- what the plugin did ----
    std::vector<std::string> log_lines() const;
    // Sum over all label sets of a metric; 0 if it was never made.
    double metric(const std::string &name) const;
    uint64_t memory_used(const std::string &account);
    RecordedWrites &writes() { return writes_; }

  private:
    friend struct FakeTables;
    struct Account;

    Env &env_;
    varve_host host_{};
    std::string data_dir_;
    std::string instance_name_ = "test";
    uint64_t hash_seed_ = 0x5eed;
    std::map<std::string, int64_t> integers_;
    std::map<std::string, std::string> strings_;
    std::map<std::string, std::vector<std::string>> string_lists_;
    RecordedWrites writes_;

    mutable std::mutex mutex_;
    std::vector<std::string> log_lines_;
    std::map<std::string, std::unique_ptr<double>> metrics_;  // by name and labels
    std::map<std::string, std::unique_ptr<Account>> accounts_;

    // One worker for post.
    std::mutex queue_mutex_;
    std::condition_variable queue_changed_;
    std::deque<std::function<void()>> queue_;
    bool queue_closed_ = false;
    std::thread worker_;
};

}  // namespace varve::test
