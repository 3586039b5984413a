// What every request of the engine has around it, whatever its language: the bytes of its answer,
// and the report of it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include <varve/host/query.h>

#include "query/encode/encoder.hpp"
#include "query/engine.hpp"

namespace varve::query {

// Bytes into a varve_query_sink; parks the thread while the reader is slow, until the request is to
// stop. What it would have written then is lost: the answer breaks off.
class SinkWriter final : public encode::ByteSink {
  public:
    explicit SinkWriter(const varve_query_sink &sink) : sink_(sink) {}

    // Says when the request is to stop; asked while the thread is parked.
    void stop_when(std::function<Status()> check) { check_ = std::move(check); }

    Status write(std::string_view bytes) override {
        if (!broken_off_.ok()) return broken_off_;
        // The reader's, who lets go of it with the call: it may come when nobody waits any more.
        auto token = std::make_unique<std::shared_ptr<Parked>>(parked_);
        const int32_t code =
            sink_.write(sink_.ctx, bytes.data(), bytes.size(), resume, token.get());
        if (code == VARVE_OK) return {};
        if (code != VARVE_UNAVAILABLE) return {Code::cancelled, "query interrupted"};
        (void)token.release();
        return park();
    }

  private:
    struct Parked {
        std::mutex mutex;
        std::condition_variable wake;
        bool resumed = false;
    };
    static constexpr auto kCheckEvery = std::chrono::milliseconds(20);

    Status park() {
        std::unique_lock lock(parked_->mutex);
        while (!parked_->wake.wait_for(lock, kCheckEvery, [this] { return parked_->resumed; })) {
            lock.unlock();
            if (check_) broken_off_ = check_();
            if (!broken_off_.ok()) return broken_off_;
            lock.lock();
        }
        parked_->resumed = false;
        return {};
    }

    static void resume(void *token) {
        const std::unique_ptr<std::shared_ptr<Parked>> parked(
            static_cast<std::shared_ptr<Parked> *>(token));
        const std::lock_guard lock((*parked)->mutex);
        (*parked)->resumed = true;
        (*parked)->wake.notify_one();
    }

    const varve_query_sink &sink_;
    const std::shared_ptr<Parked> parked_ = std::make_shared<Parked>();
    std::function<Status()> check_;
    Status broken_off_;
};

// For what nobody reads.
class NoBytes final : public encode::ByteSink {
  public:
    Status write(std::string_view) override { return {}; }
};

// Tells the observer of a request, from its making to its end.
class RequestReport {
  public:
    RequestReport(Observer *observer, const Clock &clock)
        : observer_(observer), clock_(clock), started_ns_(clock.monotonic_ns()) {
        if (observer_ != nullptr) observer_->request_started();
    }
    ~RequestReport() {
        if (observer_ == nullptr) return;
        observer_->request_finished(clock_.monotonic_ns() - started_ns_);
    }
    RequestReport(const RequestReport &) = delete;
    RequestReport &operator=(const RequestReport &) = delete;

  private:
    Observer *const observer_;
    const Clock &clock_;
    const int64_t started_ns_;
};

// Tells the observer of a statement.
class StatementReport {
  public:
    // All of it outlives the report.
    StatementReport(Observer *observer, const Clock &clock, const encode::Encoder &encoder,
                    const std::string &text, const std::string &database,
                    std::string_view principal)
        : observer_(observer),
          clock_(clock),
          encoder_(encoder),
          text_(text),
          database_(database),
          principal_(principal),
          started_ns_(clock.monotonic_ns()),
          rows_before_(encoder.row_count()) {
        if (observer_ != nullptr) observer_->statement_started(text_, database_, principal_);
    }

    int64_t started_ns() const { return started_ns_; }
    void finished(const Status &status) const {
        if (observer_ == nullptr) return;
        observer_->statement_finished({text_, database_, principal_,
                                       clock_.monotonic_ns() - started_ns_,
                                       encoder_.row_count() - rows_before_, status});
    }

  private:
    Observer *const observer_;
    const Clock &clock_;
    const encode::Encoder &encoder_;
    const std::string &text_;
    const std::string &database_;
    const std::string_view principal_;
    const int64_t started_ns_;
    const uint64_t rows_before_;
};

}  // namespace varve::query
