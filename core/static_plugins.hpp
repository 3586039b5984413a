// Plugins that are linked into the program (VARVE_STATIC_PLUGINS: sanitizers, coverage); none
// otherwise.
#pragma once

#include <span>

#include <varve/entry.h>

namespace varve {

std::span<const varve_plugin_entry *const> static_plugins();

}  // namespace varve
