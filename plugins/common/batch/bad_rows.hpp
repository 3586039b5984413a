// What a decoder could not read, on its way to the rejected rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

// Lines that the decoder refused: the first with their texts, and how many more.
struct BadRows {
    struct Row {
        std::string line;
        std::string reason;
    };
    static constexpr size_t kListedMax = 1000;

    std::vector<Row> listed;
    uint64_t unlisted = 0;

    void add(std::string_view line, std::string_view reason) {
        if (listed.size() >= kListedMax) {
            ++unlisted;
        } else {
            listed.push_back({std::string(line), std::string(reason)});
        }
    }
    uint64_t count() const { return listed.size() + unlisted; }
};

}  // namespace varve
