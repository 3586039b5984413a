// Admin REST below /varve/v1/: JSON for the console and the command line.
//
//   GET  /varve/v1/plugins            loaded and refused plugins, instances and their addresses
//   GET  /varve/v1/rejects            the last rejected rows, the newest first
//   GET  /varve/v1/storage/status     what the storage engine says of itself
//   POST /varve/v1/storage/compact    ?wait=true answers when settled
//   POST /varve/v1/storage/scrub      answers when every stored file has been read and checked
//   GET  /varve/v1/config             effective values with their origin, as text
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <varve/kind/storage.h>

#include "auth/accounts.hpp"
#include "base/status.hpp"
#include "kernel/config.hpp"
#include "kernel/http/router.hpp"
#include "kernel/plugin_host.hpp"
#include "write/rejects.hpp"

namespace varve {

// An instance as it is shown.
struct InstanceCard {
    std::string name;       // "udp.0"
    std::string plugin;     // "inputs.udp"
    std::string addresses;  // "udp://127.0.0.1:8089"
};

// All of it lives longer than the routes.
struct AdminParts {
    const PluginHost &plugins;
    const Rejects &rejects;
    const Config &config;
    const auth::Accounts &accounts;  // administrators only, when authentication is on
    varve_instance *storage;
    const varve_storage_maintenance *maintenance;  // null: the engine has none
    std::function<std::vector<InstanceCard>()> instances;
};

Status mount_admin_routes(http::RouteTable &routes, AdminParts parts);

}  // namespace varve
