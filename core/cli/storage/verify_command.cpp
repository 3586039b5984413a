#include "cli/storage/verify_command.hpp"

#include <cstddef>
#include <filesystem>
#include <iostream>

#include <varve/kind/storage.h>

#include "cli/arguments.hpp"
#include "cli/check/check.hpp"
#include "kernel/host/handle.hpp"

namespace varve::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char *kUsage =
    R"(usage: varve verify [--engine NAME] [--plugin FILE.so] PATH…

Reads every file of the storage engine below each PATH (a data directory or a part of one), changes
nothing and names what is damaged. The server must not run on these files.

  --engine NAME     the engine that wrote them (strata)
  --plugin FILE.so  its plugin, if it is not where the server finds it
)";

int misuse(const std::string &text) {
    std::cerr << "varve: " << text << '\n' << kUsage;
    return 2;
}

// The first of the places where the server looks for it.
Result<std::string> plugin_path(const std::string &file) {
    std::string places;
    for (const std::string &folder : PluginHost::default_paths()) {
        const fs::path path = fs::path(folder) / file;
        std::error_code error;
        if (fs::exists(path, error)) return path.string();
        places += (places.empty() ? "" : ", ") + folder;
    }
    return Status(Code::not_found, "no plugin " + file + " in " + places);
}

const varve_storage_maintenance *maintenance_of(const check::Subject &subject) {
    const auto *table = subject.extension<varve_storage_maintenance>(VARVE_STORAGE_MAINTENANCE_ID);
    constexpr size_t kNeeded = offsetof(varve_storage_maintenance, verify) + sizeof(void *);
    return table == nullptr || table->struct_size < kNeeded ? nullptr : table;
}

}  // namespace

Status verify_paths(check::CheckHost &host, const PluginHost &plugins, const std::string &id,
                    std::span<const std::string> paths, std::ostream &out) {
    for (const std::string &path : paths) {
        std::error_code error;
        if (!fs::exists(path, error)) return {Code::not_found, path + " does not exist"};
    }
    const varve_descriptor *descriptor = plugins.find(id);
    if (descriptor == nullptr) return {Code::not_found, "there is no plugin " + id};
    auto subject = check::Subject::make(host, plugins, *descriptor);
    if (!subject.ok()) return subject.status();
    const auto *maintenance = maintenance_of(**subject);
    if (maintenance == nullptr) return {Code::unsupported, id + " cannot verify files"};
    const varve_sink report{&out, [](void *ctx, const char *data, uint64_t size) {
                                static_cast<std::ostream *>(ctx)->write(
                                    data, static_cast<std::streamsize>(size));
                            }};
    Status worst;
    for (const std::string &path : paths) {
        const std::string absolute = fs::absolute(path).string();
        varve_error error = abi_error();
        const int32_t code = maintenance->verify((*subject)->raw(), str(absolute), report, &error);
        if (code == VARVE_OK) continue;
        worst = Status::from_abi(code, error).with_context(path);
        if (worst.code() != Code::data_loss) return worst;
    }
    return worst;
}

int run_verify_command(const Options &options) {
    constexpr VerbFlag kFlags[] = {{"engine"}, {"plugin"}};
    auto arguments =
        parse_arguments({options.arguments.begin() + 1, options.arguments.end()}, kFlags);
    if (!arguments.ok()) return misuse(arguments.status().text());
    if (options.help) {
        std::cout << kUsage;
        return 0;
    }
    if (arguments->words.empty()) return misuse("verify wants a path");
    const std::string engine = arguments->has("engine") ? arguments->value("engine") : "strata";
    const auto fail = [](const Status &status) {
        std::cout.flush();
        std::cerr << "varve: " << status.text() << '\n';
        return 1;
    };
    std::string file = arguments->value("plugin");
    if (file.empty()) {
        auto found = plugin_path("storage." + engine + ".so");
        if (!found.ok()) return fail(found.status());
        file = *found;
    }
    check::CheckHost host;
    const HostHandle init_host(host.services(), "verify", "");
    PluginHost plugins({{"/nonexistent"}, {}, {}}, init_host.raw(), host.log());
    if (Status status = plugins.load(file); !status.ok()) return fail(status);
    const Status status =
        verify_paths(host, plugins, "storage." + engine, arguments->words, std::cout);
    return status.ok() ? 0 : fail(status);
}

}  // namespace varve::cli
