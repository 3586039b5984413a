// Turns classes into a plugin: the entry, the factory and the instance tables. Every call from the
// host ends in `guarded`, so that no exception crosses the boundary.
//
//   class MyInput : public varve::Input {
//     public:
//       static const varve_descriptor &descriptor();     // id, keys, help
//       explicit MyInput(varve::Host host);               // cheap: reads its configuration
//       varve::Status start() override;
//       void stop() override;
//   };
//   VARVE_PLUGIN(MyInput)                                 // or several classes
#pragma once

#include <array>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "../entry.h"
#include "host.hpp"
#if __has_include(<varve/build_id.h>)
#include <varve/build_id.h>
#else
#define VARVE_BUILD_ID \
    { 0 }
#endif

namespace varve {

// Runs a callable that returns Status and turns what it throws into one: no memory becomes
// VARVE_RESOURCE_EXHAUSTED, anything else a bug of the plugin.
template <typename Callable>
int32_t guarded(varve_error *error, Callable &&callable) noexcept {
    try {
        return Status(callable()).to_abi(error);
    } catch (const std::bad_alloc &) {
        return Status(Code::resource_exhausted, "out of memory").to_abi(error);
    } catch (const std::exception &caught) {
        return Status(Code::internal, std::string("BUG: ") + caught.what()).to_abi(error);
    } catch (...) {
        return Status(Code::internal, "BUG: an unknown exception").to_abi(error);
    }
}

// The same for calls that cannot report: whatever is thrown is dropped.
template <typename Callable>
void guarded_void(Callable &&callable) noexcept {
    try {
        callable();
    } catch (...) {  // nothing to report to
    }
}

// What all kinds of plugin instances share. [main] on every function.
class Plugin {
  public:
    virtual ~Plugin() = default;
    // Opens sockets and files, spawns tasks. On failure the instance is as before.
    virtual Status start() { return {}; }
    // Takes in nothing new, finishes what is under way, joins its tasks. Idempotent.
    virtual void stop() {}
    // Reads the reloadable keys again.
    virtual Status reload() { return {}; }
    // The table of an extension, or null; the kinds' base classes answer for their kind.
    virtual const void *extension(std::string_view id) = 0;
};

// The instance behind a handle that the host hands back.
template <typename Kind>
Kind &instance_of(varve_instance *self) {
    return static_cast<Kind &>(*static_cast<Plugin *>(self->data));
}

namespace detail {

inline int32_t instance_start(varve_instance *self, varve_error *error) {
    return guarded(error, [&] { return static_cast<Plugin *>(self->data)->start(); });
}
inline void instance_stop(varve_instance *self) {
    guarded_void([&] { static_cast<Plugin *>(self->data)->stop(); });
}
inline void instance_destroy(varve_instance *self) {
    guarded_void([&] {
        delete static_cast<Plugin *>(self->data);
        delete self;
    });
}
inline const void *instance_extension(varve_instance *self, const char *id) {
    return static_cast<Plugin *>(self->data)->extension(id);
}
inline int32_t instance_reload(varve_instance *self, varve_error *error) {
    return guarded(error, [&] { return static_cast<Plugin *>(self->data)->reload(); });
}

}  // namespace detail

// Wraps a made object into an instance that owns it; for factories and for tests.
inline varve_instance *make_instance(std::unique_ptr<Plugin> plugin) {
    auto *instance = new varve_instance{};
    instance->struct_size = sizeof *instance;
    instance->data = plugin.release();
    instance->start = detail::instance_start;
    instance->stop = detail::instance_stop;
    instance->destroy = detail::instance_destroy;
    instance->get_extension = detail::instance_extension;
    instance->reload = detail::instance_reload;
    return instance;
}

namespace detail {

template <typename... Classes>
struct FactoryOf {
    static int32_t create(const char *id, const varve_host *host, varve_instance **out,
                          varve_error *error) {
        return guarded(error, [&]() -> Status {
            *out = nullptr;
            (void)((std::string_view(Classes::descriptor().id) == id
                        ? (*out = make_instance(std::make_unique<Classes>(Host(host))), true)
                        : false) ||
                   ...);
            if (*out != nullptr) return {};
            return {Code::not_found, std::string("no descriptor ") + id + " in this plugin"};
        });
    }

    static const void *get(const char *factory_id) {
        static const std::array<const varve_descriptor *, sizeof...(Classes)> descriptors = {
            &Classes::descriptor()...};
        static const varve_factory factory = {sizeof(varve_factory),
                                              static_cast<uint32_t>(sizeof...(Classes)),
                                              descriptors.data(), &create};
        return std::string_view(factory_id) == VARVE_FACTORY_ID ? &factory : nullptr;
    }
};

inline int32_t init(const varve_host *, varve_error *) {
    return VARVE_OK;
}
inline void deinit() {}

}  // namespace detail
}  // namespace varve

#ifndef VARVE_PLUGIN_FLAGS
#define VARVE_PLUGIN_FLAGS 0u
#endif

#define VARVE_ABI_TAG_VALUE                                                       \
    {                                                                             \
        VARVE_ABI_MAGIC, sizeof(varve_abi_tag), VARVE_ABI_MAJOR, VARVE_ABI_MINOR, \
            VARVE_PLUGIN_FLAGS, VARVE_BUILD_ID                                    \
    }

// Makes the shared library a plugin of these classes. Once per library, in plugin.cpp.
#define VARVE_PLUGIN(...)                                                                       \
    namespace {                                                                                 \
    __attribute__((section(VARVE_ABI_SECTION), used, retain))                                   \
    const varve_abi_tag varve_plugin_tag = VARVE_ABI_TAG_VALUE;                                 \
    }                                                                                           \
    extern "C" VARVE_EXPORT const varve_plugin_entry VARVE_ENTRY_SYMBOL;                        \
    const varve_plugin_entry VARVE_ENTRY_SYMBOL = {VARVE_ABI_TAG_VALUE, &::varve::detail::init, \
                                                   &::varve::detail::deinit,                    \
                                                   &::varve::detail::FactoryOf<__VA_ARGS__>::get};
