#include "cli/check/check.hpp"

#include <algorithm>

#include <varve/kind/input.h>
#include <varve/kind/output.h>
#include <varve/kind/storage.h>

namespace varve::check {
namespace {

const char *kind_folder(uint32_t kind) {
    switch (kind) {
        case VARVE_KIND_INPUT:
            return "inputs";
        case VARVE_KIND_STORAGE:
            return "storage";
        case VARVE_KIND_FUNCTION:
            return "functions";
        case VARVE_KIND_OUTPUT:
            return "outputs";
        default:
            return "?";
    }
}

const char *kind_table(uint32_t kind) {
    switch (kind) {
        case VARVE_KIND_INPUT:
            return VARVE_INPUT_ID;
        case VARVE_KIND_STORAGE:
            return VARVE_STORAGE_ID;
        case VARVE_KIND_FUNCTION:
            return VARVE_FUNCTION_ID;
        default:
            return VARVE_OUTPUT_ID;
    }
}

std::string describe(const varve_descriptor &descriptor, const varve_abi_tag &tag) {
    std::string card = std::string(descriptor.id) + ' ' + descriptor.version + " (" +
                       descriptor.name + ")\n  " + descriptor.description + "\n  ABI " +
                       std::to_string(tag.abi_major) + '.' + std::to_string(tag.abi_minor) + '\n';
    for (uint32_t i = 0; i < descriptor.key_count; ++i) {
        const varve_config_key &key = descriptor.keys[i];
        card += std::string("  ") + key.name + " = " + key.default_value + "  # " + key.help + '\n';
    }
    return card;
}

void check_descriptor(Checker &checker, const varve_descriptor &descriptor) {
    const std::string id = descriptor.id;
    const std::string folder = std::string(kind_folder(descriptor.kind)) + '.';
    checker.expect(id + ": the id begins with its kind", id.starts_with(folder),
                   "expected " + folder + "…");
    const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
    checker.expect(id + ": the id is lower case", plain, "found " + id);
    for (uint32_t i = 0; i < descriptor.key_count; ++i) {
        checker.expect(id + ": key " + descriptor.keys[i].name + " has a help text",
                       descriptor.keys[i].help != nullptr && descriptor.keys[i].help[0] != '\0',
                       "none");
    }
}

// What holds for instances of every kind.
void check_life(Checker &checker, CheckHost &host, const PluginHost &plugins,
                const varve_descriptor &descriptor) {
    const std::string id = descriptor.id;
    for (int round = 0; round < 3; ++round) {
        auto unstarted = Subject::make(host, plugins, descriptor);
        if (!checker.expect(id + ": is made and destroyed without a start", unstarted.status())) {
            return;
        }
    }
    auto first = Subject::make(host, plugins, descriptor);
    auto second = Subject::make(host, plugins, descriptor);
    if (!checker.expect(id + ": two instances side by side", second.status())) return;
    const void *table =
        first.ok() ? (*first)->extension<void>(kind_table(descriptor.kind)) : nullptr;
    checker.expect(id + ": offers the table of its kind", table != nullptr,
                   std::string("no ") + kind_table(descriptor.kind));
    checker.expect(id + ": says no to extensions it does not know",
                   (*first)->extension<void>("com.example.nonsense/9") == nullptr, "it said yes");
}

void run_suite(Checker &checker, CheckHost &host, const PluginHost &plugins,
               const varve_descriptor &descriptor) {
    check_descriptor(checker, descriptor);
    check_life(checker, host, plugins, descriptor);
    auto subject = Subject::make(host, plugins, descriptor);
    if (!subject.ok()) return;
    const std::string id = descriptor.id;
    if (!checker.expect(id + ": starts with its defaults (ports 0)", (*subject)->start())) return;
    switch (descriptor.kind) {
        case VARVE_KIND_INPUT:
            check_input(checker, **subject);
            break;
        case VARVE_KIND_OUTPUT:
            check_output(checker, **subject);
            break;
        case VARVE_KIND_FUNCTION:
            check_function_set(checker, **subject);
            break;
        default:
            check_storage(checker, **subject);
    }
    (*subject)->stop();
    (*subject)->stop();
    checker.expect(id + ": stops, and may be stopped twice", true, "");
}

}  // namespace

bool Report::passed() const {
    return std::all_of(findings.begin(), findings.end(),
                       [](const Finding &finding) { return finding.failure.empty(); });
}

bool Checker::expect(const std::string &what, bool holds, const std::string &otherwise) {
    report_.findings.push_back({what, holds               ? ""
                                      : otherwise.empty() ? std::string("it does not hold")
                                                          : otherwise});
    return holds;
}

Result<std::unique_ptr<Subject>> Subject::make(CheckHost &host, const PluginHost &plugins,
                                               const varve_descriptor &descriptor) {
    // Keys of its own: a descriptor is applied once per prefix.
    static int made = 0;
    const std::string prefix = "inputs.check." + std::to_string(made++);
    // Sockets on any free port.
    for (uint32_t i = 0; i < descriptor.key_count; ++i) {
        if (std::string_view(descriptor.keys[i].name) != "bind_address") continue;
        VARVE_RETURN_IF_ERROR(host.config().set_value(prefix + ".bind_address", "127.0.0.1:0"));
    }
    VARVE_RETURN_IF_ERROR(host.config().apply_descriptor(prefix, descriptor));
    std::unique_ptr<Subject> subject(
        new Subject(std::make_unique<HostHandle>(host.services(), descriptor.id, prefix)));
    auto raw = plugins.create(descriptor.id, subject->handle_->raw());
    if (!raw.ok()) return raw.status();
    subject->raw_ = *raw;
    return subject;
}

Subject::~Subject() {
    if (raw_ == nullptr) return;
    raw_->stop(raw_);
    raw_->destroy(raw_);
}

Status Subject::start() {
    varve_error error = abi_error();
    return Status::from_abi(raw_->start(raw_, &error), error);
}

Result<Report> check_plugin(const std::string &path) {
    Report report;
    report.path = path;
    CheckHost host;
    const HostHandle init_host(host.services(), "check", "");
    PluginHost plugins({{"/nonexistent"}, {}, {}}, init_host.raw(), host.log());
    VARVE_RETURN_IF_ERROR(plugins.load(path));
    Checker checker(report);
    const LoadedPlugin &plugin = plugins.loaded().at(0);
    for (uint32_t i = 0; i < plugin.factory->descriptor_count; ++i) {
        const varve_descriptor &descriptor = *plugin.factory->descriptors[i];
        report.card += describe(descriptor, plugin.entry->tag);
        run_suite(checker, host, plugins, descriptor);
    }
    return report;
}

}  // namespace varve::check
