#include "query_service.hpp"

#include <condition_variable>
#include <thread>

#include <varve/cpp/bytes.hpp>

namespace varve {

namespace {

// Shared by the caller and its helpers: who is free takes the next job.
struct JobBoard {
    explicit JobBoard(std::span<const std::function<void()>> all) : jobs(all) {}

    void work() {
        for (size_t next = taken.fetch_add(1); next < jobs.size(); next = taken.fetch_add(1)) {
            jobs[next]();
            const std::scoped_lock lock(mutex);
            if (++done == jobs.size()) all_done.notify_all();
        }
    }

    std::span<const std::function<void()>> jobs;  // valid until all are done
    std::atomic<size_t> taken{0};
    std::mutex mutex;
    std::condition_variable all_done;
    size_t done = 0;
};

}  // namespace

void PoolTaskRunner::run_all(std::span<const std::function<void()>> jobs) {
    if (jobs.empty()) return;
    const auto board = std::make_shared<JobBoard>(jobs);
    const size_t helpers = std::min<size_t>(jobs.size() - 1, parallelism() - 1);
    for (size_t i = 0; i < helpers; ++i) {
        if (!executor_.post_beside([board] { board->work(); }).ok()) break;
    }
    board->work();
    std::unique_lock lock(board->mutex);
    board->all_done.wait(lock, [&] { return board->done == board->jobs.size(); });
}

unsigned PoolTaskRunner::parallelism() const {
    // Asking the system reads a file.
    static const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    return cores;
}

namespace {

// The request's texts, kept while it waits and runs.
struct OwnedRequest {
    explicit OwnedRequest(const varve_query_request &given) : request(given) {
        varve_str *const texts[] = {&request.language,         &request.text,     &request.database,
                                    &request.retention_policy, &request.params,   &request.epoch,
                                    &request.format,           &request.principal};
        for (varve_str *text : texts) {
            kept.push_back(std::make_unique<std::string>(view(*text)));
            *text = str(*kept.back());
        }
    }
    varve_query_request request;
    std::vector<std::unique_ptr<std::string>> kept;
};

void refuse(const varve_query_sink &sink, std::string_view reason) {
    const std::string document = "{\"error\":\"" + std::string(reason) + "\"}\n";
    sink.begin(sink.ctx, VARVE_UNAVAILABLE, str("application/json"));
    (void)sink.write(
        sink.ctx, document.data(), document.size(), [](void *) {}, nullptr);
    sink.end(sink.ctx, 1);
}

}  // namespace

QueryRunner::QueryRunner(Options options, Catalog &catalog, auth::Accounts &accounts,
                         query::StorageGateway storage, WriteService &writes,
                         const query::FunctionTable &functions, Executor &executor, Env &env,
                         SelfMetrics &metrics, query::Surroundings surroundings)
    : options_(options),
      env_(env),
      tasks_(executor),
      engine_(catalog, accounts, std::move(storage), writes, functions, tasks_,
              {[this] { return env_.now_ns(); }, [this] { return env_.monotonic_ns(); }},
              options.limits, surroundings),
      queries_(metrics.counter("varve_query_requests_total", "Query requests run.")),
      refused_(metrics.counter("varve_query_refused_total",
                               "Query requests refused for want of a free slot.")),
      slots_(options.concurrency_max),
      queue_(std::make_unique<Executor>("query", options.concurrency_max)) {}

QueryRunner::~QueryRunner() {
    stop();
}

void QueryRunner::run(const varve_query_request &request, varve_query_sink sink) {
    if (request.may_block != 0 && !stopping_ && slots_.try_take()) {
        return run_in_slot(request, sink);
    }
    const int64_t asked_ns = env_.monotonic_ns();
    const auto owned = std::make_shared<const OwnedRequest>(request);
    const Status posted = queue_->post([this, owned, sink, asked_ns] {
        slots_.take();
        const bool is_late = env_.monotonic_ns() - asked_ns > options_.queue_timeout_ns;
        if (!stopping_ && !is_late) return run_in_slot(owned->request, sink);
        slots_.give_back();
        if (stopping_) return refuse(sink, "query engine shutdown");
        refused_.add();
        refuse(sink, "query.queue_timeout exceeded: too many queries at a time");
    });
    if (!posted.ok()) {
        refused_.add();
        refuse(sink, posted.text());
    }
}

void QueryRunner::run_in_slot(const varve_query_request &request, const varve_query_sink &sink) {
    queries_.add();
    engine_.run(request, sink);
    slots_.give_back();
}

void QueryRunner::stop() {
    stopping_ = true;
    queue_->stop();
    slots_.wait_for_all();
}

bool QuerySlots::try_take() {
    const std::scoped_lock lock(mutex_);
    if (free_ == 0 || waiting_ != 0) return false;
    --free_;
    ++taken_;
    return true;
}

void QuerySlots::take() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [&] { return free_ != 0; });
    --waiting_;
    --free_;
    ++taken_;
}

void QuerySlots::give_back() {
    const std::scoped_lock lock(mutex_);
    ++free_;
    --taken_;
    changed_.notify_all();
}

void QuerySlots::wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return taken_ == 0; });
}

}  // namespace varve
