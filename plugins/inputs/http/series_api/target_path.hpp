// The path of a request by its segments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// "/db/my%2Fdb/series?q=…" → "db", "my/db", "series". Escapes are decoded inside their segment, so
// that a name may hold a slash; empty segments at the end do not count. None for a bad escape.
std::optional<std::vector<std::string>> path_segments(std::string_view target);

// Whether the segments are those of a pattern like "db/:db/users/:name", where ":x" is any segment
// but an empty one; then `values` has what stands in these places.
bool matches_path(const std::vector<std::string> &segments, std::string_view pattern,
                  std::vector<std::string> &values);

}  // namespace varve
