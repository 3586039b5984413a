#include "cli/check/check_host.hpp"

#include <cstdlib>
#include <filesystem>

namespace varve::check {

void CountingWriteService::submit(varve_batch *batch, const varve_write_request &,
                                  void (*done)(void *, const varve_write_outcome *), void *ctx) {
    varve_write_outcome outcome{};
    outcome.struct_size = sizeof outcome;
    if (batch != nullptr) {
        outcome.accepted = batch->row_count;
        rows_ += batch->row_count;
        batch->release(batch);
    }
    done(ctx, &outcome);
}

void NoQueryService::run(const varve_query_request &, varve_query_sink sink) {
    const std::string_view document = "{\"error\":\"no queries while a plugin is checked\"}\n";
    sink.begin(sink.ctx, VARVE_UNAVAILABLE, str("application/json"));
    (void)sink.write(
        sink.ctx, document.data(), document.size(), [](void *) {}, nullptr);
    sink.end(sink.ctx, 1);
}

namespace {
std::string make_temporary_directory() {
    std::string path = std::filesystem::temp_directory_path() / "varve-check-XXXXXX";
    return ::mkdtemp(path.data()) == nullptr ? std::string() : path;
}

Config load_config(const std::string &data_dir) {
    ConfigSources sources;
    sources.flags = {{"server.data_dir", data_dir}};
    return *Config::load(sources);  // the defaults are always right
}
}  // namespace

CheckHost::CheckHost()
    : data_dir_(make_temporary_directory()),
      log_([](std::string_view) {}),
      config_(load_config(data_dir_)),
      memory_(uint64_t{1} << 30),
      executor_("check", 2),
      services_{&Env::posix(), &config_, &log_,   &metrics_, &memory_,
                &executor_,    &routes_, &write_, &query_} {}

CheckHost::~CheckHost() {
    executor_.stop();
    std::error_code ignored;
    std::filesystem::remove_all(data_dir_, ignored);
}

}  // namespace varve::check
