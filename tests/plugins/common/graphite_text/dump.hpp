// What the codec gives for a text, one line per row and then per bad line.
#pragma once

#include <string>

#include "common/graphite_text/graphite_text.hpp"
#include "support/dump_batch.hpp"

namespace varve {

inline std::string dump_parsed(graphite_text::Parsed parsed) {
    std::string all;
    for (const std::string &row : dump_rows(parsed.batch)) all += row + '\n';
    if (parsed.batch != nullptr) parsed.batch->release(parsed.batch);
    for (const BadRows::Row &row : parsed.bad_rows.listed) {
        all += "bad '" + row.line + "': " + row.reason + '\n';
    }
    return all;
}

}  // namespace varve
