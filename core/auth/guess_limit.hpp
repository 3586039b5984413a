// A bound on guessing: how many wrong passwords one address may try for one name in a minute. Kept
// per address and name, so that nobody locks a user out from elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace varve::auth {

// [any thread] Times are monotonic.
class GuessLimit {
  public:
    static constexpr int64_t kWindowNs = 60LL * 1'000'000'000;
    static constexpr size_t kEntriesMax = 10'000;

    // failures_max 0 = no limit.
    explicit GuessLimit(uint64_t failures_max) : failures_max_(failures_max) {}

    bool allows(std::string_view address, std::string_view name, int64_t now_ns);
    void failed(std::string_view address, std::string_view name, int64_t now_ns);
    void succeeded(std::string_view address, std::string_view name);

  private:
    struct Entry {
        int64_t since_ns = 0;
        uint64_t failures = 0;
    };
    static std::string key(std::string_view address, std::string_view name);
    void make_room(int64_t now_ns);  // under mutex_

    const uint64_t failures_max_;
    std::mutex mutex_;
    std::map<std::string, Entry> entries_;  // guarded by mutex_
};

}  // namespace varve::auth
