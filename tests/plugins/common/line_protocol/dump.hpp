// What the codec gives, as text.
#pragma once

#include <set>
#include <string>

#include "common/line_protocol/line_protocol.hpp"
#include "common/line_protocol/sender_memory.hpp"
#include "common/series_key.hpp"
#include "support/dump_batch.hpp"

namespace varve {

// Everything that parsing a body gives, as text; frees the batch. Keys stand once in a table and
// have their hashes, or it says so.
inline std::string dump_parsed(std::string_view body, const line_protocol::Options &options,
                               line_protocol::SenderMemory &memory) {
    line_protocol::Parsed parsed = line_protocol::parse(body, options, memory);
    std::string all;
    varve_batch *batch = parsed.batch.finish(options.hash_seed, 0);
    for (const std::string &row : dump_rows(batch)) all += row + '\n';
    for (uint32_t t = 0; batch != nullptr && t < batch->table_count; ++t) {
        const varve_table &table = *batch->tables[t];
        std::set<std::string_view> keys;
        for (uint32_t k = 0; k < table.key_count; ++k) {
            const std::string_view text = view(table.keys[k].text);
            const auto hashes = series_key::hashes(text, options.hash_seed);
            if (!keys.insert(text).second) all.append("twice in a table: ").append(text);
            if (table.keys[k].hash != hashes.hash || table.keys[k].check != hashes.check) {
                all.append("wrong hashes: ").append(text);
            }
        }
    }
    if (batch != nullptr) batch->release(batch);
    return all + parsed.error_text();
}

inline std::string dump_parsed(std::string_view body, const line_protocol::Options &options) {
    line_protocol::SenderMemory memory;
    return dump_parsed(body, options, memory);
}

}  // namespace varve
