// The manifest's reader on any bytes: it may refuse, it must not crash; what it accepts, it can
// render.
#include <cstdint>
#include <cstdlib>

#include "storage/strata/manifest/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace varve::strata;
    const auto state = parse_manifest({reinterpret_cast<const char *>(data), size});
    if (!state.ok()) return 0;
    const auto again = parse_manifest(render_manifest(*state));
    if (!again.ok() || again->segments != state->segments) std::abort();
    return 0;
}
