#include "admin/admin_routes.hpp"

#include <cstddef>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <varve/cpp/bytes.hpp>

#include "admin/json_answer.hpp"
#include "model/time.hpp"

namespace varve {
namespace {

Poco::JSON::Array descriptor_list(const varve_factory &factory) {
    Poco::JSON::Array list;
    for (uint32_t i = 0; i < factory.descriptor_count; ++i) {
        const varve_descriptor &descriptor = *factory.descriptors[i];
        Poco::JSON::Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
        entry.set("id", std::string(descriptor.id));
        entry.set("name", std::string(descriptor.name));
        entry.set("version", std::string(descriptor.version));
        entry.set("description", std::string(descriptor.description));
        list.add(entry);
    }
    return list;
}

void show_plugins(const AdminParts &parts, http::ResponseWriter &writer) {
    Poco::JSON::Array loaded;
    for (const LoadedPlugin &plugin : parts.plugins.loaded()) {
        Poco::JSON::Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
        entry.set("path", plugin.path);
        entry.set("abi", std::to_string(plugin.entry->tag.abi_major) + '.' +
                             std::to_string(plugin.entry->tag.abi_minor));
        entry.set("plugins", descriptor_list(*plugin.factory));
        loaded.add(entry);
    }
    Poco::JSON::Array refused;
    for (const RefusedPlugin &plugin : parts.plugins.refused()) {
        Poco::JSON::Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
        entry.set("path", plugin.path);
        entry.set("reason", printable(plugin.reason));
        refused.add(entry);
    }
    Poco::JSON::Array instances;
    for (const InstanceCard &card : parts.instances()) {
        Poco::JSON::Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
        entry.set("name", card.name);
        entry.set("plugin", card.plugin);
        entry.set("addresses", card.addresses);
        instances.add(entry);
    }
    Poco::JSON::Object object(Poco::JSON_PRESERVE_KEY_ORDER);
    object.set("loaded", loaded);
    object.set("refused", refused);
    object.set("instances", instances);
    answer_json(writer, object);
}

void show_rejects(const AdminParts &parts, http::ResponseWriter &writer) {
    Poco::JSON::Array list;
    for (const RejectedRow &row : parts.rejects.last()) {
        Poco::JSON::Object entry(Poco::JSON_PRESERVE_KEY_ORDER);
        entry.set("time", format_rfc3339(row.at_ns));
        entry.set("database", printable(row.database));
        entry.set("reason", row.reason);
        entry.set("error", printable(row.error));
        entry.set("row", printable(row.row));
        list.add(entry);
    }
    Poco::JSON::Object object;
    object.set("rejects", list);
    answer_json(writer, object);
}

void show_storage(const AdminParts &parts, http::ResponseWriter &writer) {
    if (parts.maintenance == nullptr) {
        return writer.send_error(501, "this storage engine has no maintenance extension");
    }
    std::string text;
    const varve_sink sink{&text, [](void *ctx, const char *data, uint64_t size) {
                              static_cast<std::string *>(ctx)->append(data, size);
                          }};
    varve_error error = abi_error();
    if (parts.maintenance->status(parts.storage, sink, &error) != VARVE_OK) {
        return writer.send_error(500, error.text);
    }
    writer.set_header("Content-Type", "application/json");
    writer.send(text + '\n');
}

void compact_storage(const AdminParts &parts, http::Request &request,
                     http::ResponseWriter &writer) {
    if (parts.maintenance == nullptr) {
        return writer.send_error(501, "this storage engine has no maintenance extension");
    }
    const bool wait = request.param("wait").value_or("") == "true";
    varve_error error = abi_error();
    const int32_t code = parts.maintenance->compact(parts.storage, wait ? 1 : 0, &error);
    if (code != VARVE_OK) return writer.send_error(500, error.text);
    Poco::JSON::Object object;
    object.set("status", std::string(wait ? "settled" : "started"));
    answer_json(writer, object);
}

void scrub_storage(const AdminParts &parts, http::ResponseWriter &writer) {
    constexpr size_t kNeeded = offsetof(varve_storage_maintenance, scrub) + sizeof(void *);
    if (parts.maintenance == nullptr || parts.maintenance->struct_size < kNeeded) {
        return writer.send_error(501, "this storage engine cannot check its files");
    }
    varve_error error = abi_error();
    const int32_t code = parts.maintenance->scrub(parts.storage, &error);
    if (code == VARVE_UNSUPPORTED) return writer.send_error(501, error.text);
    if (code != VARVE_OK) return writer.send_error(500, error.text);
    Poco::JSON::Object object;
    object.set("status", std::string("checked"));
    answer_json(writer, object);
}

}  // namespace

Status mount_admin_routes(http::RouteTable &routes, AdminParts parts) {
    const auto shared = std::make_shared<const AdminParts>(std::move(parts));
    const void *owner = &shared->plugins;
    const auto mount = [&](uint32_t methods, const char *path,
                           std::function<void(http::Request &, http::ResponseWriter &)> handler) {
        return routes.mount(owner, methods, std::string("/varve/v1/") + path, 0,
                            [handler = std::move(handler), shared](http::Request &request,
                                                                   http::ResponseWriter writer) {
                                const Status allowed =
                                    shared->accounts.access(request.principal()).need_admin();
                                if (!allowed.ok()) return writer.send_error(403, allowed.text());
                                handler(request, writer);
                            });
    };
    using http::Request;
    using http::ResponseWriter;
    VARVE_RETURN_IF_ERROR(mount(http::kGet, "plugins", [shared](Request &, ResponseWriter &writer) {
        show_plugins(*shared, writer);
    }));
    VARVE_RETURN_IF_ERROR(mount(http::kGet, "rejects", [shared](Request &, ResponseWriter &writer) {
        show_rejects(*shared, writer);
    }));
    VARVE_RETURN_IF_ERROR(mount(http::kGet, "config", [shared](Request &, ResponseWriter &writer) {
        writer.set_header("Content-Type", "text/plain; charset=utf-8");
        writer.send(shared->config.print());
    }));
    VARVE_RETURN_IF_ERROR(
        mount(http::kGet, "storage/status",
              [shared](Request &, ResponseWriter &writer) { show_storage(*shared, writer); }));
    VARVE_RETURN_IF_ERROR(
        mount(http::kPost, "storage/compact", [shared](Request &request, ResponseWriter &writer) {
            compact_storage(*shared, request, writer);
        }));
    return mount(http::kPost, "storage/scrub",
                 [shared](Request &, ResponseWriter &writer) { scrub_storage(*shared, writer); });
}

}  // namespace varve
