#include <varve/cpp/plugin.hpp>

#include "storage/strata/engine/strata_storage.hpp"

VARVE_PLUGIN(varve::strata::StrataStorage)
