// What the codec gives for a text: one line per row, or the error.
#pragma once

#include <string>

#include "common/series_json/series_json.hpp"
#include "support/dump_batch.hpp"

namespace varve {

inline std::string dump_series(std::string_view text, const series_json::Options &options,
                               series_json::PointNumbers &numbers) {
    Result<series_json::Parsed> parsed = series_json::parse(text, options, numbers);
    if (!parsed.ok()) return parsed.status().text();
    varve_batch *batch = parsed->batch.finish(options.hash_seed, 0);
    std::string all;
    for (const std::string &row : dump_rows(batch)) all += row + '\n';
    if (batch != nullptr) batch->release(batch);
    return all;
}

}  // namespace varve
