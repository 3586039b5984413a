#include "monitor/shard_modules.hpp"

#include <simdjson.h>

namespace varve::monitor {
namespace {

std::string text_of(const simdjson::dom::element &object, const char *name) {
    std::string_view text;
    return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

int64_t number_of(const simdjson::dom::element &object, const char *name) {
    int64_t number = 0;
    return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

}  // namespace

void add_shards(std::string_view status, const std::string &data_dir, Modules &out) {
    const simdjson::padded_string padded(status);
    simdjson::dom::parser parser;
    simdjson::dom::element document;
    simdjson::dom::array shards;
    if (parser.parse(padded).get(document) != simdjson::SUCCESS) return;
    if (document["shards"].get(shards) != simdjson::SUCCESS) return;
    const std::string engine = text_of(document, "engine");
    for (const simdjson::dom::element shard : shards) {
        const std::string id = std::to_string(number_of(shard, "shard"));
        const std::string path = data_dir + "/data/" + std::to_string(number_of(shard, "db")) +
                                 '/' + std::to_string(number_of(shard, "rp")) + '/' + id;
        out.push_back({"shard",
                       {{"database", text_of(shard, "db_name")},
                        {"engine", engine},
                        {"id", id},
                        {"path", path},
                        {"retentionPolicy", text_of(shard, "rp_name")}},
                       {{"diskBytes", number_of(shard, "bytes")},
                        {"memBytes", number_of(shard, "memtable_bytes")},
                        {"numFiles", number_of(shard, "segments")}}});
    }
}

}  // namespace varve::monitor
