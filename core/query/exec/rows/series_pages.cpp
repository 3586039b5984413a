#include "query/exec/rows/series_pages.hpp"

#include <algorithm>
#include <utility>

#include "query/exec/measurement_scan.hpp"

namespace varve::query::exec {

namespace {

// a|c|value of a|value of c, where the series have no b.
std::string counting_key(const plan::Select &select, const std::string &key) {
    const std::vector<std::string> values = split_group_key(key, select.group_tags.size());
    std::string names;
    std::string texts;
    for (size_t i = 0; i < values.size(); ++i) {
        if (values[i].empty()) continue;
        names += (names.empty() ? "" : "|") + select.group_tags[i];
        texts += '|' + values[i];
    }
    return names + texts;
}

}  // namespace

std::set<std::string> page_of_series(const plan::Select &select,
                                     const std::vector<std::string> &keys) {
    std::vector<std::pair<std::string, const std::string *>> order;
    order.reserve(keys.size());
    for (const std::string &key : keys) order.emplace_back(counting_key(select, key), &key);
    std::sort(order.begin(), order.end());
    const uint64_t from = std::min<uint64_t>(select.series_offset, order.size());
    uint64_t to = order.size();
    if (select.series_limit != 0) to = std::min(to, from + select.series_limit);
    std::set<std::string> out;
    for (uint64_t i = from; i < to; ++i) out.insert(*order[i].second);
    return out;
}

}  // namespace varve::query::exec
