// The write service of the fake host: keeps what was written as text, answers at once or when told.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <varve/cpp/host.hpp>

namespace varve::test {

struct RecordedWrite {
    std::string database;
    std::string retention_policy;
    uint32_t durability = 0;
    int64_t interval_ns = 0;
    bool create_database = false;
    std::vector<std::string> rows;                              // as dump_rows gives them
    std::vector<std::pair<std::string, std::string>> bad_rows;  // line, reason
    uint64_t bad_rows_unlisted = 0;
};

// Thread-safe.
class RecordedWrites {
  public:
    // Every write from now on gets this outcome; `error` where the code is not VARVE_OK.
    void set_outcome(uint32_t code, std::string error);
    // While held, writes are kept back; letting go completes them.
    void hold(bool held);

    std::vector<RecordedWrite> all() const;
    // Rows and bad rows of all writes, in order.
    std::vector<std::string> rows() const;
    std::vector<std::pair<std::string, std::string>> bad_rows() const;
    // Waits until so many rows were written; false after 20 s.
    bool wait_for_rows(size_t count) const;
    bool wait_for_bad_rows(size_t count) const;
    bool wait_for_writes(size_t count) const;

    void submit(varve_batch *batch, const varve_write_request &request,
                void (*done)(void *ctx, const varve_write_outcome *outcome), void *ctx);

  private:
    struct Open {
        void (*done)(void *ctx, const varve_write_outcome *outcome);
        void *ctx;
        uint64_t rows;
    };
    void complete(const Open &open);
    size_t row_count() const;  // mutex_ is held
    template <typename Enough>
    bool wait(Enough enough) const;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<RecordedWrite> writes_;
    std::vector<Open> open_;
    bool held_ = false;
    uint32_t code_ = VARVE_OK;
    std::string error_;
};

}  // namespace varve::test
