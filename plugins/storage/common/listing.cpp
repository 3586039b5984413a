#include "storage/common/listing.hpp"

#include <algorithm>

#include <varve/cpp/bytes.hpp>

namespace varve::storage {
namespace {

void emit(std::vector<std::string_view> &texts, const varve_schema_request &request,
          varve_schema_sink sink) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    const std::string_view after = view(request.after);
    auto at = after.empty() ? texts.begin() : std::upper_bound(texts.begin(), texts.end(), after);
    for (uint64_t count = 0; at != texts.end(); ++at, ++count) {
        if (request.limit != 0 && count == request.limit) return;
        if (sink.entry(sink.ctx, str(*at), 0) != VARVE_OK) return;
    }
}

}  // namespace

void list_measurements(const SeriesList &series, const varve_schema_request &request,
                       varve_schema_sink sink) {
    std::vector<std::string_view> texts;
    for (const Series *one : series) {
        if (texts.empty() || texts.back() != one->measurement()) {
            texts.push_back(one->measurement());
        }
    }
    emit(texts, request, sink);
}

void list_tag_keys(const SeriesList &series, const varve_schema_request &request,
                   varve_schema_sink sink) {
    std::set<std::string_view> keys;
    for (const Series *one : series) {
        for (const series_key::Tag &tag : one->parts.tags) keys.insert(tag.key);
    }
    std::vector<std::string_view> texts(keys.begin(), keys.end());
    emit(texts, request, sink);
}

void list_tag_values(const SeriesList &series, const varve_schema_request &request,
                     varve_schema_sink sink) {
    std::vector<std::string_view> texts;
    const std::string_view tag = view(request.tag);
    for (const Series *one : series) {
        const std::string_view value = one->parts.tag(tag);
        if (!value.empty() && (texts.empty() || texts.back() != value)) texts.push_back(value);
    }
    emit(texts, request, sink);
}

void list_series(const SeriesList &series, const varve_schema_request &request,
                 varve_schema_sink sink) {
    std::vector<std::string_view> texts;
    texts.reserve(series.size());
    for (const Series *one : series) texts.push_back(one->key);
    emit(texts, request, sink);
}

void list_fields(const FieldSet &fields, const varve_schema_request &request,
                 varve_schema_sink sink) {
    const std::string after(view(request.after));
    const std::string *previous = nullptr;
    uint64_t count = 0;
    for (const auto &[name, type] : fields) {
        if (!after.empty() && name <= after) continue;
        const bool same = previous != nullptr && *previous == name;
        if (request.limit != 0 && count >= request.limit && !same) return;
        if (sink.entry(sink.ctx, str(name), type) != VARVE_OK) return;
        previous = &name;
        ++count;
    }
}

}  // namespace varve::storage
