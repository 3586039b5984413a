// Canonical series keys of rows that the server itself makes; codecs have theirs in plugins/common.
//
//   key = measurement { "," tag-key "=" tag-value }, escaped as line protocol escapes, tags in
//   bytewise order of their keys; a tag with an empty value is no tag.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.hpp"

namespace varve {

using Tags = std::vector<std::pair<std::string, std::string>>;  // sorted by key

inline constexpr size_t kSeriesKeySizeMax = 65535;  // InfluxDB's limit, bytes

// Appends the text with a backslash before each of the bytes in `escaped`.
void append_escaped(std::string &out, std::string_view text, std::string_view escaped);

inline constexpr std::string_view kEscapedInMeasurement = ", ";
inline constexpr std::string_view kEscapedInTag = ",= ";  // and in names of fields

// invalid_argument for an empty name and for one that ends in a backslash; too_large.
Result<std::string> make_series_key(std::string_view measurement, const Tags &tags);

// The tags of a canonical key.
Tags split_tags(std::string_view key);

}  // namespace varve
