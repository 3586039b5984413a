// A batch as line protocol, for those that copies of writes are sent to.
//
//   line = key " " field "=" value { "," field "=" value } " " time-in-ns "\n"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <varve/batch.h>

namespace varve {

struct LineText {
    std::string text;
    std::vector<size_t> ends;  // of the lines, each behind its line break; texts may hold some, too

    // Without its line break.
    std::string_view line(size_t at) const {
        const size_t from = at == 0 ? 0 : ends[at - 1];
        return std::string_view(text).substr(from, ends[at] - from - 1);
    }
};

// The rows that are kept, in the order in which they came.
LineText to_line_text(const varve_batch &batch);

}  // namespace varve
