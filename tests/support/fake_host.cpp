#include "support/fake_host.hpp"

#include <chrono>
#include <cstdlib>
#include <cstring>

// One child or top account; children charge their parents too.
struct varve_account {
    varve_account *parent = nullptr;
    std::string name;
    uint64_t limit = 0;
    uint64_t used = 0;
    std::mutex *mutex = nullptr;
};

struct varve_file {
    std::unique_ptr<varve::File> file;
};

struct varve_task {
    std::thread thread;
    std::mutex mutex;
    std::condition_variable changed;
    bool cancelled = false;
};

namespace varve::test {

struct FakeHost::Account : varve_account {};

namespace {

std::mutex account_mutex;

int32_t answer(const Status &status, varve_error *error) {
    return status.to_abi(error);
}

// "64MiB", "10s", "true", "12" as the number the host would give.
int64_t number_of(std::string text) {
    if (text == "true") return 1;
    if (text == "false") return 0;
    if (!text.empty() && text.front() == '"') text = text.substr(1, text.size() - 2);
    char *end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    static const std::map<std::string, double> units = {
        {"", 1},     {"B", 1},    {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
        {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},   {"ns", 1},        {"us", 1e3},
        {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},   {"h", 3600e9},    {"d", 86400e9}};
    const auto unit = units.find(end);
    return unit == units.end() ? 0 : static_cast<int64_t>(value * unit->second);
}

}  // namespace

// The C tables; each function finds its FakeHost behind the handle.
struct FakeTables {
    static FakeHost &of(const varve_host *host) {
        return *static_cast<FakeHost *>(host->host_data);
    }

    static int32_t log_enabled(const varve_host *, uint32_t) { return 1; }
    static void log_write(const varve_host *host, uint32_t level, varve_str message,
                          const varve_log_field *fields, uint32_t field_count) {
        std::string line = std::to_string(level) + " " + std::string(view(message));
        for (uint32_t i = 0; i < field_count; ++i) {
            line +=
                " " + std::string(view(fields[i].key)) + "=" + std::string(view(fields[i].value));
        }
        std::lock_guard lock(of(host).mutex_);
        of(host).log_lines_.push_back(std::move(line));
    }

    static varve_str instance_name(const varve_host *host) { return str(of(host).instance_name_); }
    static varve_str data_dir(const varve_host *host) { return str(of(host).data_dir_); }
    static Status missing(const char *key) {
        return {Code::not_found, std::string("no key ") + key};
    }
    static int32_t get_string(const varve_host *host, const char *key, varve_str *out,
                              varve_error *error) {
        const auto found = of(host).strings_.find(key);
        if (found == of(host).strings_.end()) return answer(missing(key), error);
        *out = str(found->second);
        return VARVE_OK;
    }
    static int32_t get_integer(const varve_host *host, const char *key, int64_t *out,
                               varve_error *error) {
        const auto found = of(host).integers_.find(key);
        if (found == of(host).integers_.end()) return answer(missing(key), error);
        *out = found->second;
        return VARVE_OK;
    }
    static int32_t get_float(const varve_host *host, const char *key, double *out,
                             varve_error *error) {
        int64_t value = 0;
        const int32_t code = get_integer(host, key, &value, error);
        *out = static_cast<double>(value);
        return code;
    }
    static int32_t get_boolean(const varve_host *host, const char *key, int32_t *out,
                               varve_error *error) {
        int64_t value = 0;
        const int32_t code = get_integer(host, key, &value, error);
        *out = value != 0 ? 1 : 0;
        return code;
    }
    static int32_t get_string_at(const varve_host *host, const char *key, uint32_t index,
                                 varve_str *out, varve_error *error) {
        const auto found = of(host).string_lists_.find(key);
        if (found == of(host).string_lists_.end() || index >= found->second.size()) {
            return answer({Code::end, "no more strings"}, error);
        }
        *out = str(found->second[index]);
        return VARVE_OK;
    }

    static varve_metric *metric(const varve_host *host, const char *name, const char *,
                                const varve_label *labels, uint32_t label_count) {
        std::string key = name;
        for (uint32_t i = 0; i < label_count; ++i) {
            key +=
                " " + std::string(view(labels[i].name)) + "=" + std::string(view(labels[i].value));
        }
        std::lock_guard lock(of(host).mutex_);
        auto &slot = of(host).metrics_[key];
        if (slot == nullptr) slot = std::make_unique<double>(0);
        return reinterpret_cast<varve_metric *>(slot.get());
    }
    static void metric_add(varve_metric *metric, double amount) {
        std::lock_guard lock(account_mutex);
        *reinterpret_cast<double *>(metric) += amount;
    }
    static void metric_set(varve_metric *metric, double value) {
        std::lock_guard lock(account_mutex);
        *reinterpret_cast<double *>(metric) = value;
    }

    static varve_account *account(const varve_host *host, const char *name) {
        std::lock_guard lock(of(host).mutex_);
        auto &slot = of(host).accounts_[name];
        if (slot == nullptr) {
            slot = std::make_unique<FakeHost::Account>();
            slot->name = name;
        }
        return slot.get();
    }
    static varve_account *account_open(varve_account *parent, const char *name,
                                       uint64_t limit_bytes) {
        auto *made = new varve_account;
        made->parent = parent;
        made->name = name;
        made->limit = limit_bytes;
        return made;
    }
    static void account_close(varve_account *account) {
        account_release(account, account->used);
        delete account;
    }
    static int32_t account_charge(varve_account *account, uint64_t size_bytes, varve_error *error) {
        std::lock_guard lock(account_mutex);
        for (const varve_account *at = account; at != nullptr; at = at->parent) {
            if (at->limit == 0 || at->used + size_bytes <= at->limit) continue;
            return answer({Code::resource_exhausted,
                           "memory account " + at->name + ": asked for " +
                               std::to_string(size_bytes) + " bytes above " +
                               std::to_string(at->used) + ", allowed " + std::to_string(at->limit)},
                          error);
        }
        for (varve_account *at = account; at != nullptr; at = at->parent) at->used += size_bytes;
        return VARVE_OK;
    }
    static void account_release(varve_account *account, uint64_t size_bytes) {
        std::lock_guard lock(account_mutex);
        for (varve_account *at = account; at != nullptr; at = at->parent) at->used -= size_bytes;
    }
    static uint64_t account_used(const varve_account *account) {
        std::lock_guard lock(account_mutex);
        return account->used;
    }
    static uint64_t account_limit(const varve_account *account) { return account->limit; }

    static int64_t now_ns(const varve_host *host) { return of(host).env_.now_ns(); }
    static int64_t monotonic_ns(const varve_host *host) { return of(host).env_.monotonic_ns(); }
    static void random(const varve_host *host, void *out, uint64_t size) {
        of(host).env_.random(out, size);
    }

    static int32_t file_open(const varve_host *host, const char *path, uint32_t flags,
                             varve_file **out, varve_error *error) {
        auto opened = of(host).env_.open(path, flags);
        if (!opened.ok()) return answer(opened.status(), error);
        *out = new varve_file{std::move(*opened)};
        return VARVE_OK;
    }
    static void file_close(varve_file *file) { delete file; }
    static int32_t file_read(varve_file *file, uint64_t offset, void *out, uint64_t size,
                             uint64_t *read_size, varve_error *error) {
        auto got = file->file->read_at(offset, out, size);
        if (!got.ok()) return answer(got.status(), error);
        *read_size = *got;
        return VARVE_OK;
    }
    static int32_t file_write(varve_file *file, uint64_t offset, const varve_bytes *parts,
                              uint32_t part_count, varve_error *error) {
        return answer(file->file->write_at(offset, {parts, part_count}), error);
    }
    static int32_t file_sync(varve_file *file, varve_error *error) {
        return answer(file->file->sync(), error);
    }
    static int32_t file_truncate(varve_file *file, uint64_t size, varve_error *error) {
        return answer(file->file->truncate(size), error);
    }
    static int32_t file_allocate(varve_file *file, uint64_t size, varve_error *error) {
        return answer(file->file->allocate(size), error);
    }
    static int32_t file_size(varve_file *file, uint64_t *out, varve_error *error) {
        auto size = file->file->size();
        if (!size.ok()) return answer(size.status(), error);
        *out = *size;
        return VARVE_OK;
    }
    static int32_t file_map(varve_file *file, uint64_t size, varve_file_view *out,
                            varve_error *error) {
        auto mapped = file->file->map(size);
        if (!mapped.ok()) return answer(mapped.status(), error);
        out->data = (*mapped)->bytes().data();
        out->size = size;
        out->handle = mapped->release();
        return VARVE_OK;
    }
    static void file_unmap(const varve_host *, varve_file_view *map_view) {
        delete static_cast<MappedFile *>(map_view->handle);
    }
    static int32_t file_rename(const varve_host *host, const char *from, const char *to,
                               varve_error *error) {
        return answer(of(host).env_.rename(from, to), error);
    }
    static int32_t file_remove(const varve_host *host, const char *path, varve_error *error) {
        return answer(of(host).env_.remove(path), error);
    }
    static int32_t file_link(const varve_host *host, const char *from, const char *to,
                             varve_error *error) {
        return answer(of(host).env_.link(from, to), error);
    }
    static int32_t make_directory(const varve_host *host, const char *path, varve_error *error) {
        return answer(of(host).env_.make_directory(path), error);
    }
    static int32_t list(const varve_host *host, const char *path, varve_sink names,
                        varve_error *error) {
        auto listed = of(host).env_.list(path);
        if (!listed.ok()) return answer(listed.status(), error);
        for (const std::string &name : *listed) {
            names.append(names.ctx, name.c_str(), name.size() + 1);
        }
        return VARVE_OK;
    }
    static int32_t sync_directory(const varve_host *host, const char *path, varve_error *error) {
        return answer(of(host).env_.sync_directory(path), error);
    }
    static int32_t free_space(const varve_host *host, const char *path, uint64_t *out,
                              varve_error *error) {
        auto free = of(host).env_.free_space(path);
        if (!free.ok()) return answer(free.status(), error);
        *out = *free;
        return VARVE_OK;
    }

    static int32_t spawn(const varve_host *, const char *, void (*run)(void *), void *ctx,
                         varve_task **out, varve_error *) {
        *out = new varve_task;
        (*out)->thread = std::thread(run, ctx);
        return VARVE_OK;
    }
    static void join(varve_task *task) {
        task->thread.join();
        delete task;
    }
    static int32_t post(const varve_host *host, void (*run)(void *), void *ctx, varve_error *) {
        FakeHost &fake = of(host);
        std::lock_guard lock(fake.queue_mutex_);
        fake.queue_.emplace_back([run, ctx] { run(ctx); });
        fake.queue_changed_.notify_one();
        return VARVE_OK;
    }
    static int32_t every(const varve_host *, int64_t interval_ns, void (*run)(void *), void *ctx,
                         varve_task **out, varve_error *) {
        auto *task = new varve_task;
        task->thread = std::thread([task, interval_ns, run, ctx] {
            std::unique_lock lock(task->mutex);
            while (!task->changed.wait_for(lock, std::chrono::nanoseconds(interval_ns),
                                           [&] { return task->cancelled; })) {
                lock.unlock();
                run(ctx);
                lock.lock();
            }
        });
        *out = task;
        return VARVE_OK;
    }
    static void cancel(varve_task *timer) {
        {
            std::lock_guard lock(timer->mutex);
            timer->cancelled = true;
        }
        timer->changed.notify_all();
        join(timer);
    }

    static void submit(const varve_host *host, varve_batch *batch,
                       const varve_write_request *request,
                       void (*done)(void *ctx, const varve_write_outcome *outcome), void *ctx) {
        of(host).writes_.submit(batch, *request, done, ctx);
    }
    static int32_t check(const varve_host *, const varve_write_request *, varve_error *) {
        return VARVE_OK;
    }
    static uint64_t hash_seed(const varve_host *host) { return of(host).hash_seed_; }
    static int32_t unsigned_enabled(const varve_host *) { return 1; }

    static const void *get_extension(const varve_host *, const char *id);
};

const void *FakeTables::get_extension(const varve_host *, const char *id) {
    using T = FakeTables;
    static const varve_host_log log = {sizeof log, 0, T::log_enabled, T::log_write};
    static const varve_host_config config = {sizeof config,    0,
                                             T::instance_name, T::data_dir,
                                             T::get_string,    T::get_integer,
                                             T::get_float,     T::get_boolean,
                                             T::get_string_at};
    static const varve_host_metrics metrics = {
        sizeof metrics, 0, T::metric, T::metric, T::metric_add, T::metric_set};
    static const varve_host_memory memory = {sizeof memory,      0,
                                             T::account,         T::account_open,
                                             T::account_close,   T::account_charge,
                                             T::account_release, T::account_used,
                                             T::account_limit};
    static const varve_host_clock clock = {sizeof clock, 0, T::now_ns, T::monotonic_ns, T::random};
    static const varve_host_file file = {sizeof file,      0,
                                         T::file_open,     T::file_close,
                                         T::file_read,     T::file_write,
                                         T::file_sync,     T::file_truncate,
                                         T::file_allocate, T::file_size,
                                         T::file_map,      T::file_unmap,
                                         T::file_rename,   T::file_remove,
                                         T::file_link,     T::make_directory,
                                         T::list,          T::sync_directory,
                                         T::free_space};
    static const varve_host_task task = {sizeof task, 0,        T::spawn, T::join,
                                         T::post,     T::every, T::cancel};
    static const varve_host_write write = {sizeof write,       0, T::submit, T::check, T::hash_seed,
                                           T::unsigned_enabled};
    const std::string_view wanted = id;
    if (wanted == VARVE_HOST_LOG_ID) return &log;
    if (wanted == VARVE_HOST_CONFIG_ID) return &config;
    if (wanted == VARVE_HOST_METRICS_ID) return &metrics;
    if (wanted == VARVE_HOST_MEMORY_ID) return &memory;
    if (wanted == VARVE_HOST_CLOCK_ID) return &clock;
    if (wanted == VARVE_HOST_FILE_ID) return &file;
    if (wanted == VARVE_HOST_TASK_ID) return &task;
    if (wanted == VARVE_HOST_WRITE_ID) return &write;
    return nullptr;
}

FakeHost::FakeHost(Env &env, std::string data_dir) : env_(env), data_dir_(std::move(data_dir)) {
    host_.struct_size = sizeof host_;
    host_.version = "0.1.0";
    host_.host_data = this;
    host_.get_extension = &FakeTables::get_extension;
    worker_ = std::thread([this] {
        std::unique_lock lock(queue_mutex_);
        while (true) {
            queue_changed_.wait(lock, [&] { return queue_closed_ || !queue_.empty(); });
            if (queue_.empty()) return;
            const auto job = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    });
}

FakeHost::~FakeHost() {
    {
        std::lock_guard lock(queue_mutex_);
        queue_closed_ = true;
    }
    queue_changed_.notify_all();
    worker_.join();
}

void FakeHost::use_defaults(const varve_descriptor &descriptor) {
    for (uint32_t i = 0; i < descriptor.key_count; ++i) {
        const varve_config_key &key = descriptor.keys[i];
        if (key.type == VARVE_CONFIG_STRING) {
            const std::string text = key.default_value;
            strings_[key.name] = text.substr(1, text.size() - 2);
        } else {
            integers_[key.name] = number_of(key.default_value);
        }
    }
}

void FakeHost::set_memory_limit(const std::string &account, uint64_t limit_bytes) {
    FakeTables::account(&host_, account.c_str())->limit = limit_bytes;
}

std::vector<std::string> FakeHost::log_lines() const {
    std::lock_guard lock(mutex_);
    return log_lines_;
}

double FakeHost::metric(const std::string &name) const {
    std::lock_guard lock(mutex_);
    std::lock_guard values(account_mutex);
    double sum = 0;
    for (const auto &[key, value] : metrics_) {
        if (key == name || key.starts_with(name + " ")) sum += *value;
    }
    return sum;
}

uint64_t FakeHost::memory_used(const std::string &account) {
    return FakeTables::account_used(FakeTables::account(&host_, account.c_str()));
}

}  // namespace varve::test
