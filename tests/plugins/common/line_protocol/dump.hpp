// What the codec gives, as text.
#pragma once

#include <string>

#include "common/line_protocol/line_protocol.hpp"
#include "support/dump_batch.hpp"

namespace varve {

// Everything that parsing a body gives, as text; frees the batch.
inline std::string dump_parsed(std::string_view body, const line_protocol::Options &options) {
    line_protocol::Parsed parsed = line_protocol::parse(body, options);
    std::string all;
    varve_batch *batch = parsed.batch.finish(options.hash_seed, 0);
    for (const std::string &row : dump_rows(batch)) all += row + '\n';
    if (batch != nullptr) batch->release(batch);
    return all + parsed.error_text();
}

}  // namespace varve
