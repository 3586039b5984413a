#include "app.hpp"

#include <sys/resource.h>

#include <atomic>
#include <vector>

#include <varve/kind/function.h>
#include <varve/kind/output.h>

#include "admin/admin_routes.hpp"
#include "admin/job_routes.hpp"
#include "auth/http_authenticator.hpp"
#include "catalog/sqlite_catalog.hpp"
#include "http_metrics.hpp"
#include "instances.hpp"
#include "kernel/data_dir.hpp"
#include "kernel/http/server.hpp"
#include "kernel/lifecycle.hpp"
#include "kernel/pages.hpp"
#include "monitor/debug_routes.hpp"
#include "monitor/diagnostics.hpp"
#include "monitor/server_modules.hpp"
#include "monitor/statistics_store.hpp"
#include "query/continuous/continuous_queries.hpp"
#include "query/continuous/rollups_08.hpp"
#include "query/engine.hpp"
#include "query_log.hpp"
#include "query_service.hpp"
#include "static_plugins.hpp"
#include "write/retention.hpp"
#include "write/subscriptions/subscriptions.hpp"
#include "write/write_path.hpp"

namespace varve {
namespace {

// What a storage engine sees of the write service, which stands above it: the hash seed, which it
// needs before there is a write path. It has nothing to write.
class SeedForStorage final : public WriteService {
  public:
    SeedForStorage(uint64_t hash_seed, bool unsigned_enabled)
        : hash_seed_(hash_seed), unsigned_enabled_(unsigned_enabled) {}

    void submit(varve_batch *batch, const varve_write_request &,
                void (*done)(void *, const varve_write_outcome *), void *ctx) override {
        if (batch != nullptr) batch->release(batch);
        varve_write_outcome outcome{};
        outcome.struct_size = sizeof outcome;
        outcome.code = VARVE_UNSUPPORTED;
        outcome.error = str("a storage engine writes nothing through the write path");
        done(ctx, &outcome);
    }
    Status check(const varve_write_request &) override {
        return {Code::unsupported, "a storage engine writes nothing through the write path"};
    }
    uint64_t hash_seed() const override { return hash_seed_; }
    bool unsigned_enabled() const override { return unsigned_enabled_; }

  private:
    uint64_t hash_seed_;
    bool unsigned_enabled_;
};

// Every connection is a file: take all that the system gives.
void raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

http::Options http_options(const Config &config) {
    http::Options options;
    options.bind_address = config.text("http.bind_address");
    options.unix_socket_path = config.text("http.unix_socket");
    options.unix_socket_mode = static_cast<uint32_t>(
        std::strtoul(config.text("http.unix_socket_mode").c_str(), nullptr, 8));
    options.tls_certificate_file = config.text("http.tls_certificate");
    options.tls_key_file = config.text("http.tls_key");
    options.io_threads = static_cast<unsigned>(config.integer("http.threads"));
    options.connections_max = static_cast<size_t>(config.integer("http.connections_max"));
    options.body_size_max = static_cast<size_t>(config.integer("http.body_size_max"));
    options.body_memory_max = static_cast<size_t>(config.integer("http.body_memory_max"));
    options.worker_queue_max = static_cast<size_t>(config.integer("http.queue_max"));
    options.idle_timeout_ms = config.integer("http.idle_timeout") / 1'000'000;
    options.header_timeout_ms = config.integer("http.header_timeout") / 1'000'000;
    options.body_timeout_ms = config.integer("http.body_timeout") / 1'000'000;
    options.write_timeout_ms = config.integer("http.write_timeout") / 1'000'000;
    options.headers = config.headers();
    return options;
}

Result<uint32_t> parse_on_type_conflict(const std::string &text) {
    if (text == "reject") return uint32_t{VARVE_ON_CONFLICT_REJECT};
    if (text == "coerce") return uint32_t{VARVE_ON_CONFLICT_COERCE};
    if (text == "both") return uint32_t{VARVE_ON_CONFLICT_BOTH};
    return Status(Code::invalid_argument,
                  "write.on_type_conflict \"" + text + "\" is none of reject, coerce, both");
}

query::Limits query_limits(const Config &config) {
    query::Limits limits;
    limits.max_select_buckets = static_cast<uint64_t>(config.integer("query.max_select_buckets"));
    limits.max_select_series = static_cast<uint64_t>(config.integer("query.max_select_series"));
    limits.max_select_point = static_cast<uint64_t>(config.integer("query.max_select_points"));
    limits.timeout_ns = config.integer("query.timeout");
    limits.max_row_limit = static_cast<uint64_t>(config.integer("http.max_row_limit"));
    limits.memory = static_cast<uint64_t>(config.integer("query.memory"));
    return limits;
}

constexpr size_t kOutputQueueMax = 1000;  // batches

// For argon2: what is under way at a time takes that often its memory (19 MiB).
constexpr unsigned kBlockingThreads = 2;
constexpr size_t kBlockingQueueMax = 256;

}  // namespace

class App::Impl {
  public:
    explicit Impl(ConfigSources sources) : sources_(std::move(sources)) {}
    ~Impl() { stop(); }

    Status prepare();
    Status start();
    Status reload();
    void stop();

    Config config_;
    std::unique_ptr<http::Server> server_;

  private:
    void apply_log_settings();
    static Status check_values(const Config &config);
    Status plan(Config &config);
    Status open_data();
    Status make_functions();
    Status make_outputs();
    void make_jobs();
    void make_subscriptions();
    void start_jobs();
    std::vector<query::ContinuousQueryReport> continuous_query_reports() const;
    http::Authenticator *make_authenticator();
    Status serve();
    Status start_inputs();
    void export_gauges();
    Status start_monitor();
    std::vector<InstanceCard> cards() const;

    const ConfigSources sources_;
    Env &env_ = Env::posix();
    Log log_;
    SelfMetrics metrics_;
    Lifecycle lifecycle_;
    http::RouteTable routes_;
    monitor::Statistics statistics_;
    monitor::Diagnostics diagnostics_;
    monitor::RequestProfiles request_profiles_;
    monitor::DelayedCalls delayed_;
    QueryLog query_log_{metrics_, log_};
    std::atomic<bool> access_log_enabled_{false};
    SingleNodeOwnership ownership_;
    std::vector<InstancePlan> input_plans_;
    std::vector<InstancePlan> output_plans_;

    // In the order of making; unmade in the opposite order.
    HostServices services_;
    std::unique_ptr<HostHandle> init_host_;
    std::unique_ptr<PluginHost> plugins_;
    std::unique_ptr<DataDir> data_dir_;
    std::unique_ptr<MemoryAccounts> memory_;
    std::unique_ptr<Executor> executor_;
    std::unique_ptr<SqliteCatalog> catalog_;
    std::unique_ptr<auth::Accounts> accounts_;
    std::unique_ptr<Executor> blocking_;
    std::unique_ptr<auth::HttpAuthenticator> authenticator_;
    std::unique_ptr<Instance> storage_;
    std::unique_ptr<Rejects> rejects_;
    std::unique_ptr<Publisher> publisher_;
    std::unique_ptr<WriteService> seed_for_storage_;
    std::unique_ptr<CopyRules> copy_rules_;
    std::unique_ptr<WritePath> write_path_;
    std::vector<std::unique_ptr<Instance>> functions_;
    query::FunctionTable function_table_;
    std::unique_ptr<QueryRunner> query_;
    std::vector<std::unique_ptr<Instance>> outputs_;
    std::unique_ptr<HttpMetrics> http_metrics_;
    std::unique_ptr<HttpExecutor> http_executor_;
    std::vector<std::unique_ptr<Instance>> inputs_;
    std::unique_ptr<Subscriptions> subscriptions_;
    std::unique_ptr<Retention> retention_;
    std::unique_ptr<Executor::Timer> retention_timer_;
    std::unique_ptr<monitor::StatisticsStore> statistics_store_;
    int64_t started_ns_ = 0;  // since the Unix epoch
    std::unique_ptr<query::ContinuousQueries> continuous_queries_;
    std::unique_ptr<query::Rollups08> rollups_08_;
    std::unique_ptr<Executor> continuous_worker_;
    std::unique_ptr<Executor::Timer> continuous_timer_;
    std::unique_ptr<Executor> rollups_08_worker_;
    std::unique_ptr<Executor::Timer> rollups_08_timer_;
    bool prepared_ = false;
};

App::App(ConfigSources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}
App::~App() = default;
Status App::prepare() {
    return impl_->prepare();
}
const Config &App::config() const {
    return impl_->config_;
}
Status App::reload() {
    return impl_->reload();
}
void App::stop() {
    impl_->stop();
}
const std::string &App::http_address() const {
    return impl_->server_->address();
}

Status App::start() {
    const Status status = impl_->start();
    if (!status.ok()) impl_->stop();
    return status;
}

Status App::Impl::prepare() {
    auto config = Config::load(sources_);
    if (!config.ok()) return config.status();
    config_ = std::move(*config);
    VARVE_RETURN_IF_ERROR(check_values(config_));
    apply_log_settings();
    services_ = {&env_, &config_, &log_, &metrics_, nullptr, nullptr, &routes_, nullptr, nullptr};
    init_host_ = std::make_unique<HostHandle>(services_, "plugin", "");
    plugins_ = std::make_unique<PluginHost>(
        PluginHost::Options{config_.texts("plugins.path"), config_.texts("plugins.allow"),
                            config_.texts("plugins.required")},
        init_host_->raw(), log_);
    for (const varve_plugin_entry *entry : static_plugins()) {
        VARVE_RETURN_IF_ERROR(plugins_->add_built_in(entry));
    }
    VARVE_RETURN_IF_ERROR(plugins_->load_all());
    VARVE_RETURN_IF_ERROR(plan(config_));
    prepared_ = true;
    return {};
}

Status App::Impl::plan(Config &config) {
    const std::string engine = "storage." + config.text("storage.engine");
    const varve_descriptor *descriptor = plugins_->find(engine);
    if (descriptor == nullptr) {
        return plugins_->create(engine, nullptr).status().with_context("storage.engine");
    }
    VARVE_RETURN_IF_ERROR(config.apply_descriptor(engine, *descriptor));
    auto inputs = plan_instances(config, *plugins_, "inputs");
    if (!inputs.ok()) return inputs.status();
    auto outputs = plan_instances(config, *plugins_, "outputs");
    if (!outputs.ok()) return outputs.status();
    input_plans_ = std::move(*inputs);
    output_plans_ = std::move(*outputs);
    return {};
}

void App::Impl::apply_log_settings() {
    log_.set_level(*Log::parse_level(config_.text("log.level")));
    log_.set_format(*Log::parse_format(config_.text("log.format")));
    access_log_enabled_ = config_.boolean("http.access_log");
    query_log_.set(config_.boolean("query.log_queries"),
                   config_.integer("query.slow_log_threshold"));
}

// Texts that have a form of their own.
Status App::Impl::check_values(const Config &config) {
    if (config.integer("monitor.store_interval") <= 0) {
        return {Code::invalid_argument, "monitor.store_interval must be longer than 0s"};
    }
    VARVE_RETURN_IF_ERROR(
        Log::parse_level(config.text("log.level")).status().with_context("log.level"));
    VARVE_RETURN_IF_ERROR(
        Log::parse_format(config.text("log.format")).status().with_context("log.format"));
    VARVE_RETURN_IF_ERROR(Durability::parse(config.text("storage.durability"))
                              .status()
                              .with_context("storage.durability"));
    return parse_on_type_conflict(config.text("write.on_type_conflict")).status();
}

Status App::Impl::start() {
    if (!prepared_) VARVE_RETURN_IF_ERROR(prepare());
    raise_file_limit();
    started_ns_ = env_.now_ns();
    VARVE_RETURN_IF_ERROR(open_data());
    VARVE_RETURN_IF_ERROR(make_functions());
    lifecycle_.advance(Stage::ready);
    VARVE_RETURN_IF_ERROR(make_outputs());
    make_jobs();
    make_subscriptions();
    VARVE_RETURN_IF_ERROR(serve());
    VARVE_RETURN_IF_ERROR(start_inputs());
    start_jobs();
    export_gauges();
    VARVE_RETURN_IF_ERROR(start_monitor());
    lifecycle_.advance(Stage::running);
    log_.info("running", {{"http", server_->address()}, {"data_dir", data_dir_->path()}});
    return {};
}

// What runs by the clock. Continuous queries have workers of their own, so that a long one holds
// nothing up.
void App::Impl::make_jobs() {
    const StorageHandle storage{storage_->raw(),
                                storage_->extension<varve_storage>(VARVE_STORAGE_ID)};
    retention_ = std::make_unique<Retention>(*catalog_, storage, ownership_, env_, log_,
                                             config_.integer("write.retention_check_interval"));
    continuous_queries_ = std::make_unique<query::ContinuousQueries>(
        *catalog_, ownership_,
        [this](const auto &select, const std::string &database, const auto &is_cancelled) {
            return query_->write_select(select, database, is_cancelled);
        },
        env_, log_, metrics_, config_.boolean("continuous_queries.log_enabled"));
    rollups_08_ = std::make_unique<query::Rollups08>(
        *catalog_, ownership_,
        [this](const auto &rollup, const std::string &database, const auto &range,
               const auto &is_cancelled) {
            return query_->write_rollup_08(rollup, database, range, is_cancelled);
        },
        env_, log_, metrics_, config_.boolean("continuous_queries.log_enabled"));
}

// Of both languages.
std::vector<query::ContinuousQueryReport> App::Impl::continuous_query_reports() const {
    auto reports = continuous_queries_->reports();
    for (auto &report : rollups_08_->reports()) reports.push_back(std::move(report));
    return reports;
}

// Before the first write.
void App::Impl::make_subscriptions() {
    if (!config_.boolean("subscriber.enabled")) return;
    const SenderOptions options{config_.integer("subscriber.http_timeout"),
                                config_.text("subscriber.ca_certs"),
                                !config_.boolean("subscriber.insecure_skip_verify")};
    const auto queue_max =
        static_cast<size_t>(std::max<int64_t>(1, config_.integer("subscriber.write_buffer_size")));
    subscriptions_ = std::make_unique<Subscriptions>(
        *catalog_, [options](const std::string &url) { return Sender::make(url, options); },
        queue_max, log_, metrics_);
    publisher_->subscribe(
        "subscriptions", queue_max,
        [this](const Published &published) {
            subscriptions_->consume(published);
            return Status();
        },
        [this] { return subscriptions_->is_wanted(); });
}

void App::Impl::start_jobs() {
    retention_timer_ = executor_->every(config_.integer("write.retention_check_interval"),
                                        [this] { retention_->run(); });
    if (!config_.boolean("continuous_queries.enabled")) return;
    const int64_t interval_ns = config_.integer("continuous_queries.run_interval");
    continuous_worker_ = std::make_unique<Executor>("continuous", 1);
    continuous_timer_ =
        continuous_worker_->every(interval_ns, [this] { continuous_queries_->run_due(); });
    rollups_08_worker_ = std::make_unique<Executor>("rollups_08", 1);
    rollups_08_timer_ = rollups_08_worker_->every(interval_ns, [this] { rollups_08_->run_due(); });
}

Status App::Impl::open_data() {
    const std::string &path = config_.text("server.data_dir");
    auto data_dir = DataDir::open(path, env_, log_);
    if (!data_dir.ok()) return data_dir.status();
    data_dir_ = std::move(*data_dir);
    memory_ =
        std::make_unique<MemoryAccounts>(static_cast<uint64_t>(config_.integer("memory.limit")));
    executor_ = std::make_unique<Executor>("worker");
    services_.memory = memory_.get();
    services_.executor = executor_.get();

    const std::string &file = config_.text("catalog.file");
    auto catalog = SqliteCatalog::open(file.empty() ? path + "/catalog.sqlite" : file,
                                       data_dir_->quarantine(), env_, log_);
    if (!catalog.ok()) return catalog.status();
    catalog_ = std::move(*catalog);
    accounts_ = std::make_unique<auth::Accounts>(
        *catalog_, env_, auth::Accounts::Options{config_.boolean("auth.enabled"), {}});

    seed_for_storage_ = std::make_unique<SeedForStorage>(
        data_dir_->hash_seed(), config_.boolean("write.unsigned_integers"));
    services_.write = seed_for_storage_.get();
    const std::string &engine = config_.text("storage.engine");
    auto storage =
        Instance::create(*plugins_, services_, "storage." + engine, engine, "storage." + engine);
    if (!storage.ok()) return storage.status();
    storage_ = std::move(*storage);
    VARVE_RETURN_IF_ERROR(storage_->start());
    const StorageHandle handle{storage_->raw(),
                               storage_->extension<varve_storage>(VARVE_STORAGE_ID)};
    if (handle.table == nullptr) {
        return {Code::failed_precondition, "plugin storage." + engine + " is no storage"};
    }
    WritePath::Options options;
    options.durability = *Durability::parse(config_.text("storage.durability"));
    options.on_type_conflict = *parse_on_type_conflict(config_.text("write.on_type_conflict"));
    options.limits.series_max =
        static_cast<uint64_t>(config_.integer("write.max_series_per_database"));
    options.limits.tag_values_max =
        static_cast<uint64_t>(config_.integer("write.max_values_per_tag"));
    options.limits.measurement_series_max =
        static_cast<uint64_t>(config_.integer("write.max_series_per_measurement"));
    options.unsigned_enabled = config_.boolean("write.unsigned_integers");
    options.hash_seed = data_dir_->hash_seed();
    options.accounts = accounts_.get();
    copy_rules_ = std::make_unique<CopyRules>(*catalog_, query::influxql08::read_copy_rule);
    if (config_.boolean("continuous_queries.enabled")) options.copies = copy_rules_.get();
    rejects_ = std::make_unique<Rejects>(
        metrics_, static_cast<size_t>(config_.integer("write.rejects_kept")));
    publisher_ = std::make_unique<Publisher>(metrics_);
    write_path_ = std::make_unique<WritePath>(options, *catalog_, handle, env_, *rejects_,
                                              *publisher_, metrics_);
    services_.write = write_path_.get();
    return write_path_->open_databases();
}

Status App::Impl::make_functions() {
    for (const varve_descriptor *descriptor : plugins_->descriptors(VARVE_KIND_FUNCTION)) {
        auto made = Instance::create(*plugins_, services_, descriptor->id, descriptor->id, "");
        if (!made.ok()) return made.status();
        VARVE_RETURN_IF_ERROR((*made)->start());
        const auto *set = (*made)->extension<varve_function_set>(VARVE_FUNCTION_ID);
        if (set != nullptr) VARVE_RETURN_IF_ERROR(function_table_.add(*set));
        functions_.push_back(std::move(*made));
    }
    query_ = std::make_unique<QueryRunner>(
        QueryRunner::Options{query_limits(config_),
                             static_cast<unsigned>(config_.integer("query.concurrency_max")),
                             config_.integer("query.queue_timeout")},
        *catalog_, *accounts_,
        query::StorageGateway(config_.text("storage.engine"), storage_->raw(),
                              storage_->extension<varve_storage>(VARVE_STORAGE_ID)),
        *write_path_, function_table_, *executor_, env_, metrics_,
        query::Surroundings{&statistics_, &diagnostics_, &query_log_, memory_->find("query")});
    services_.query = query_.get();
    return {};
}

Status App::Impl::make_outputs() {
    for (const InstancePlan &plan : output_plans_) {
        auto made =
            Instance::create(*plugins_, services_, plan.descriptor_id, plan.name, plan.prefix);
        if (!made.ok()) return made.status();
        VARVE_RETURN_IF_ERROR((*made)->start());
        const auto *table = (*made)->extension<varve_output>(VARVE_OUTPUT_ID);
        if (table == nullptr) {
            return {Code::failed_precondition, "plugin " + plan.descriptor_id + " is no output"};
        }
        varve_instance *raw = (*made)->raw();
        publisher_->subscribe(plan.name, kOutputQueueMax, [table, raw](const Published &published) {
            const Submission &submission = *published.submission;
            varve_error error = abi_error();
            const int32_t code =
                table->consume(raw, published.lsn, str(submission.database),
                               str(submission.retention_policy), submission.batch, &error);
            return Status::from_abi(code, error);
        });
        outputs_.push_back(std::move(*made));
    }
    return {};
}

// Null while authentication is off.
http::Authenticator *App::Impl::make_authenticator() {
    if (!accounts_->is_enabled()) {
        log_.warning("authentication is off: everybody who reaches the port may read and write");
        return nullptr;
    }
    if (!accounts_->has_admin()) {
        log_.warning(
            "authentication is on and there is no administrator: CREATE USER ... WITH "
            "PASSWORD ... WITH ALL PRIVILEGES makes the first one");
    }
    blocking_ = std::make_unique<Executor>("blocking", kBlockingThreads, kBlockingQueueMax);
    const auto failures_max = config_.integer("auth.failures_max");
    authenticator_ = std::make_unique<auth::HttpAuthenticator>(
        auth::HttpAuthenticator::Parts{*accounts_, *blocking_, env_, log_, metrics_},
        auth::HttpAuthenticator::Options{
            config_.text("auth.shared_secret"),
            static_cast<uint64_t>(std::max<int64_t>(0, failures_max))});
    return authenticator_.get();
}

Status App::Impl::serve() {
    VARVE_RETURN_IF_ERROR(mount_kernel_pages(routes_, lifecycle_, metrics_));
    VARVE_RETURN_IF_ERROR(mount_admin_routes(
        routes_, {*plugins_, *rejects_, config_, *accounts_, storage_->raw(),
                  storage_->extension<varve_storage_maintenance>(VARVE_STORAGE_MAINTENANCE_ID),
                  [this] { return cards(); }}));
    VARVE_RETURN_IF_ERROR(monitor::mount_debug_routes(
        routes_, {statistics_, config_, *accounts_, *memory_, request_profiles_, delayed_, env_,
                  started_ns_, config_.boolean("http.pprof_auth_enabled")}));
    VARVE_RETURN_IF_ERROR(
        mount_job_routes(routes_, {*accounts_, [this] { return continuous_query_reports(); },
                                   [this] { return retention_->report(); }}));
    http_metrics_ = std::make_unique<HttpMetrics>(metrics_);
    http_executor_ = std::make_unique<HttpExecutor>(*executor_);
    http::Hooks hooks;
    hooks.metrics = http_metrics_.get();
    hooks.executor = http_executor_.get();
    hooks.access_log =
        [this, log = access_log(log_, access_log_enabled_)](const http::AccessRecord &record) {
            request_profiles_.note(record);
            log(record);
        };
    hooks.authenticator = make_authenticator();
    server_ = std::make_unique<http::Server>(http_options(config_), routes_, hooks);
    return server_->start();
}

Status App::Impl::start_inputs() {
    for (const InstancePlan &plan : input_plans_) {
        auto made =
            Instance::create(*plugins_, services_, plan.descriptor_id, plan.name, plan.prefix);
        if (!made.ok()) return made.status();
        VARVE_RETURN_IF_ERROR((*made)->start());
        const InstanceCard card = (*made)->card();
        log_.info("input started", {{"instance", card.name}, {"addresses", card.addresses}});
        inputs_.push_back(std::move(*made));
    }
    return {};
}

std::vector<InstanceCard> App::Impl::cards() const {
    std::vector<InstanceCard> all;
    for (const auto *group : {&inputs_, &outputs_, &functions_}) {
        for (const auto &instance : *group) all.push_back(instance->card());
    }
    return all;
}

// Behind everything it shows.
Status App::Impl::start_monitor() {
    monitor::add_server_diagnostics(diagnostics_, config_, env_, started_ns_);
    monitor::add_server_modules(
        statistics_, {metrics_, *memory_, *catalog_, storage_->raw(),
                      storage_->extension<varve_storage>(VARVE_STORAGE_ID),
                      storage_->extension<varve_storage_maintenance>(VARVE_STORAGE_MAINTENANCE_ID),
                      data_dir_->path(), [this] { return server_->address(); },
                      [this] {
                          std::vector<monitor::InputCard> inputs;
                          inputs.reserve(inputs_.size());
                          for (const auto &instance : inputs_) {
                              inputs.push_back({instance->name(), instance->card().addresses});
                          }
                          return inputs;
                      }});
    if (!config_.boolean("monitor.store_enabled")) return {};
    statistics_store_ = std::make_unique<monitor::StatisticsStore>(
        monitor::StatisticsStore::Parts{statistics_, *catalog_, *write_path_, *executor_, env_,
                                        log_},
        monitor::StoreOptions{config_.text("monitor.store_database"),
                              config_.integer("monitor.store_interval")});
    return statistics_store_->start();
}

void App::Impl::export_gauges() {
    metrics_.gauge("varve_build_info", "The running version.", {{"version", VARVE_VERSION}}).set(1);
    metrics_.gauge("varve_start_time_seconds", "When the server started.")
        .set(static_cast<double>(started_ns_) / 1e9);
    metrics_.on_render([this] {
        for (const char *name : {"write", "query", "index", "script", "http"}) {
            const MemoryAccount &account = *memory_->find(name);
            const MetricLabels labels{{"account", name}};
            metrics_.gauge("varve_memory_used_bytes", "Charged to the account.", labels)
                .set(static_cast<double>(account.used()));
            metrics_.gauge("varve_memory_limit_bytes", "The account's limit.", labels)
                .set(static_cast<double>(account.limit()));
        }
        metrics_.gauge("varve_executor_queue", "Jobs that wait for a worker.")
            .set(static_cast<double>(executor_->queued()));
    });
}

Status App::Impl::reload() {
    auto fresh = Config::load(sources_);
    if (!fresh.ok()) return fresh.status();
    const std::vector<InstancePlan> inputs = input_plans_;
    const std::vector<InstancePlan> outputs = output_plans_;
    const Status planned = plan(*fresh);
    input_plans_ = inputs;
    output_plans_ = outputs;
    VARVE_RETURN_IF_ERROR(planned);
    VARVE_RETURN_IF_ERROR(check_values(*fresh));
    if (!config_.text("http.tls_certificate").empty()) VARVE_RETURN_IF_ERROR(server_->reload_tls());
    for (const std::string &key : config_.changed_keys(*fresh)) {
        log_.warning("this key only changes with a restart", {{"key", key}});
    }
    config_.take_reloadable(*fresh);
    apply_log_settings();
    query_->set_limits(query_limits(config_));
    for (const auto *group : {&inputs_, &outputs_}) {
        for (const auto &instance : *group) VARVE_RETURN_IF_ERROR(instance->reload());
    }
    log_.info("configuration reloaded");
    return {};
}

void App::Impl::stop() {
    if (lifecycle_.stage() == Stage::stopped) return;
    if (lifecycle_.stage() < Stage::draining) lifecycle_.advance(Stage::draining);
    retention_timer_.reset();
    statistics_store_.reset();
    if (continuous_queries_) continuous_queries_->stop();
    if (rollups_08_) rollups_08_->stop();
    continuous_timer_.reset();
    continuous_worker_.reset();
    rollups_08_timer_.reset();
    rollups_08_worker_.reset();
    const auto drain = prepared_ ? std::chrono::nanoseconds(config_.integer("server.drain_timeout"))
                                 : std::chrono::nanoseconds(0);
    delayed_.stop();  // answers requests that wait for the end of a window
    if (server_) server_->stop(std::chrono::duration_cast<std::chrono::milliseconds>(drain));
    if (blocking_) blocking_->stop();  // requests wait for it until the server has stopped
    statistics_.clear();               // it reads inputs and storage
    inputs_.clear();
    if (query_) query_->stop();
    if (storage_) storage_->stop();
    if (publisher_) publisher_->stop(drain.count());
    subscriptions_.reset();
    outputs_.clear();
    query_.reset();
    functions_.clear();
    write_path_.reset();
    if (executor_) executor_->stop();
    storage_.reset();
    server_.reset();
    authenticator_.reset();
    accounts_.reset();
    catalog_.reset();
    blocking_.reset();
    executor_.reset();
    plugins_.reset();
    data_dir_.reset();
    lifecycle_.advance(Stage::stopped);
}

}  // namespace varve
