// varve_host_task over the Executor and dedicated threads.
#include <pthread.h>

#include <thread>

#include <varve/cpp/plugin.hpp>

#include "kernel/host/handle.hpp"

namespace {

// A thread, or a timer; never both.
struct Task {
    std::thread thread;
    std::unique_ptr<varve::Executor::Timer> timer;
};

Task *task_of(varve_task *task) {
    return reinterpret_cast<Task *>(task);
}

}  // namespace

namespace varve {
namespace {

int32_t task_spawn(const varve_host *, const char *name, void (*run)(void *), void *ctx,
                   varve_task **out, varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto task = std::make_unique<Task>();
        try {
            task->thread = std::thread(run, ctx);
        } catch (const std::system_error &failed) {
            return {Code::resource_exhausted, std::string("no thread: ") + failed.what()};
        }
        ::pthread_setname_np(task->thread.native_handle(), std::string(name).substr(0, 15).c_str());
        *out = reinterpret_cast<varve_task *>(task.release());
        return {};
    });
}

void task_join(varve_task *task) {
    task_of(task)->thread.join();
    delete task_of(task);
}

int32_t task_post(const varve_host *host, void (*run)(void *), void *ctx, varve_error *error) {
    return guarded(error, [&] {
        return HostHandle::from(host).services().executor->post([run, ctx] { run(ctx); });
    });
}

int32_t task_every(const varve_host *host, int64_t interval_ns, void (*run)(void *), void *ctx,
                   varve_task **out, varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto task = std::make_unique<Task>();
        task->timer = HostHandle::from(host).services().executor->every(interval_ns,
                                                                        [run, ctx] { run(ctx); });
        *out = reinterpret_cast<varve_task *>(task.release());
        return {};
    });
}

void task_cancel(varve_task *timer) {
    delete task_of(timer);
}

}  // namespace

const varve_host_task *host_task_table() {
    static const varve_host_task table = {
        sizeof(varve_host_task), 0, task_spawn, task_join, task_post, task_every, task_cancel};
    return &table;
}

}  // namespace varve
