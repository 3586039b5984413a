#include "kernel/plugin_host.hpp"

#include <algorithm>
#include <filesystem>
#include <list>
#include <vector>

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <varve/cpp/bytes.hpp>

#include "kernel/config.hpp"
#include "kernel/plugin_file.hpp"

#ifndef VARVE_PLUGIN_DIR
#define VARVE_PLUGIN_DIR "/usr/lib/varve/plugins"
#endif

namespace varve {
namespace {

// Libraries are never unloaded: a destroyed shared_library would, so they live for ever.
std::list<boost::dll::shared_library> &kept_libraries() {
    static auto *libraries = new std::list<boost::dll::shared_library>;
    return *libraries;
}

bool contains(const std::vector<std::string> &list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// The part of Boost's text that comes from dlerror; its own end ("Bad file descriptor") misleads.
std::string load_error(const std::string &what) {
    const size_t start = what.find("dlerror system message: ");
    if (start == std::string::npos) return what;
    std::string text = what.substr(start + 24);
    if (const size_t end = text.rfind(": Bad file descriptor"); end != std::string::npos) {
        text.resize(end);
    }
    return text;
}

Result<const varve_plugin_entry *> open_library(const std::string &path) {
    using boost::dll::load_mode::rtld_local;
    using boost::dll::load_mode::rtld_now;
    try {
        boost::dll::shared_library library(path, rtld_now | rtld_local);
        if (!library.has(VARVE_ENTRY_NAME)) {
            return Status(Code::failed_precondition,
                          "expected the symbol " VARVE_ENTRY_NAME ", found none");
        }
        const auto *entry = &library.get<const varve_plugin_entry>(VARVE_ENTRY_NAME);
        kept_libraries().push_back(std::move(library));
        return entry;
    } catch (const std::exception &error) {
        return Status(Code::failed_precondition,
                      "expected a library that loads, found: " + load_error(error.what()));
    }
}

}  // namespace

PluginHost::PluginHost(Options options, const varve_host *init_host, Log &log)
    : options_(std::move(options)), init_host_(init_host), log_(log) {
    if (options_.paths.empty()) options_.paths = default_paths();
}

PluginHost::~PluginHost() {
    for (const LoadedPlugin &plugin : loaded_) plugin.entry->deinit();
}

std::vector<std::string> PluginHost::default_paths() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = program.parent_path().parent_path() / "lib/varve/plugins";
    if (!error && std::filesystem::is_directory(beside, error)) return {beside.string()};
    return {VARVE_PLUGIN_DIR};
}

Status PluginHost::load_all() {
    for (const std::string &folder : options_.paths) {
        std::error_code error;
        std::vector<std::string> files;
        for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
            if (entry.path().extension() == ".so") files.push_back(entry.path().string());
        }
        if (error) {
            log_.warning("a plugin directory cannot be read",
                         {{"path", folder}, {"error", error.message()}});
        }
        std::sort(files.begin(), files.end());
        for (const std::string &file : files) {
            if (const Status status = load(file); !status.ok()) {
                refused_.push_back({file, status.text()});
                log_.error("plugin refused", {{"path", file}, {"reason", status.text()}});
            }
        }
    }
    for (const std::string &id : options_.required) {
        if (find(id) != nullptr) continue;
        std::string text = "the required plugin " + id + " is not there";
        const std::string file = id + ".so";
        for (const RefusedPlugin &refused : refused_) {
            if (refused.path.ends_with('/' + file))
                text += ": " + refused.path + ": " + refused.reason;
        }
        return {Code::failed_precondition, text};
    }
    return {};
}

Status PluginHost::load(const std::string &path) {
    auto tag = read_plugin_tag(path);
    if (!tag.ok()) return tag.status();
    auto entry = open_library(path);
    if (!entry.ok()) return entry.status();
    return adopt({path, *entry, nullptr});
}

Status PluginHost::add_built_in(const varve_plugin_entry *entry) {
    return adopt({"(built in)", entry, nullptr});
}

Status PluginHost::adopt(LoadedPlugin plugin) {
    VARVE_RETURN_IF_ERROR(check_abi_tag(plugin.entry->tag).with_context("in " VARVE_ENTRY_NAME));
    plugin.factory =
        static_cast<const varve_factory *>(plugin.entry->get_factory(VARVE_FACTORY_ID));
    if (plugin.factory == nullptr) {
        return {Code::failed_precondition, "expected the factory " VARVE_FACTORY_ID ", found none"};
    }
    VARVE_RETURN_IF_ERROR(check_descriptors(*plugin.factory));
    varve_error error = abi_error();
    const int32_t code = plugin.entry->init(init_host_, &error);
    if (code != VARVE_OK) {
        return Status::from_abi(code, error).with_context("expected init to succeed, found");
    }
    loaded_.push_back(std::move(plugin));
    return {};
}

Status PluginHost::check_descriptors(const varve_factory &factory) const {
    if (factory.descriptor_count == 0) {
        return {Code::failed_precondition, "expected at least one descriptor, found none"};
    }
    for (uint32_t i = 0; i < factory.descriptor_count; ++i) {
        const varve_descriptor &descriptor = *factory.descriptors[i];
        if (!options_.allow.empty() && !contains(options_.allow, descriptor.id)) {
            return {Code::permission_denied,
                    std::string("expected an id on plugins.allow, found ") + descriptor.id};
        }
        if (find(descriptor.id) != nullptr) {
            return {Code::already_exists, std::string("expected an id of its own, found ") +
                                              descriptor.id + ", which another plugin has"};
        }
    }
    return {};
}

const varve_descriptor *PluginHost::find(std::string_view descriptor_id) const {
    for (const LoadedPlugin &plugin : loaded_) {
        for (uint32_t i = 0; i < plugin.factory->descriptor_count; ++i) {
            if (plugin.factory->descriptors[i]->id == descriptor_id) {
                return plugin.factory->descriptors[i];
            }
        }
    }
    return nullptr;
}

std::vector<const varve_descriptor *> PluginHost::descriptors(uint32_t kind) const {
    std::vector<const varve_descriptor *> found;
    for (const LoadedPlugin &plugin : loaded_) {
        for (uint32_t i = 0; i < plugin.factory->descriptor_count; ++i) {
            if (plugin.factory->descriptors[i]->kind == kind) {
                found.push_back(plugin.factory->descriptors[i]);
            }
        }
    }
    return found;
}

Result<varve_instance *> PluginHost::create(std::string_view descriptor_id,
                                            const varve_host *host) const {
    std::vector<std::string> known;
    for (const LoadedPlugin &plugin : loaded_) {
        for (uint32_t i = 0; i < plugin.factory->descriptor_count; ++i) {
            const varve_descriptor &descriptor = *plugin.factory->descriptors[i];
            known.emplace_back(descriptor.id);
            if (descriptor.id != descriptor_id) continue;
            varve_instance *instance = nullptr;
            varve_error error = abi_error();
            const int32_t code = plugin.factory->create(descriptor.id, host, &instance, &error);
            if (code != VARVE_OK) return Status::from_abi(code, error);
            return instance;
        }
    }
    std::string text = "there is no plugin " + std::string(descriptor_id);
    const std::string_view near = nearest(descriptor_id, known);
    if (!near.empty()) text += "; did you mean " + std::string(near) + '?';
    return Status(Code::not_found, text);
}

}  // namespace varve
