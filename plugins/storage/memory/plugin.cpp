#include <varve/cpp/plugin.hpp>

#include "storage/memory/memory_storage.hpp"

VARVE_PLUGIN(varve::memory::MemoryStorage)
