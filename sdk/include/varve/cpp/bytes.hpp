// varve_str and std::string_view, to and fro.
#pragma once

#include <string_view>

#include "../bytes.h"

namespace varve {

inline std::string_view view(varve_str text) {
    return {text.data, text.size};
}

// The caller keeps the characters alive. Texts at the ABI are shorter than 4 GiB.
inline varve_str str(std::string_view text) {
    return varve_str{text.data(), static_cast<uint32_t>(text.size()), 0};
}

}  // namespace varve
