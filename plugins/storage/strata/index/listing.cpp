// Listings merge the ascending values of all columns in scope; a value is listed when a series
// among the given ones has it. Nothing behind the limit is looked at.
#include <algorithm>
#include <map>
#include <queue>

#include <varve/cpp/bytes.hpp>

#include "storage/strata/index/tag_source.hpp"

namespace varve::strata {
namespace {

// Counts entries and remembers when to stop.
class Emitter {
  public:
    Emitter(const varve_schema_request &request, varve_schema_sink sink)
        : limit_(request.limit), sink_(sink) {}

    // False when no more are wanted.
    bool emit(std::string_view text) {
        if (sink_.entry(sink_.ctx, str(text), 0) != VARVE_OK) return false;
        return ++count_ != limit_;
    }

  private:
    const uint64_t limit_;
    const varve_schema_sink sink_;
    uint64_t count_ = 0;
};

using Cursors = std::vector<std::unique_ptr<ValueCursor>>;

Status merge_values(const Cursors &cursors, const Bitmap &among,
                    const varve_schema_request &request, varve_schema_sink sink) {
    const auto later = [](const ValueCursor *a, const ValueCursor *b) {
        return a->text() > b->text();
    };
    std::priority_queue<ValueCursor *, std::vector<ValueCursor *>, decltype(later)> queue(later);
    for (const auto &cursor : cursors) {
        bool more = false;
        VARVE_RETURN_IF_ERROR(cursor->next(more));
        if (more) queue.push(cursor.get());
    }
    Emitter emitter(request, sink);
    std::string listed(view(request.after));
    bool any = !listed.empty();
    while (!queue.empty()) {
        ValueCursor *cursor = queue.top();
        queue.pop();
        if (!any || cursor->text() > listed) {
            bool seen = false;
            VARVE_RETURN_IF_ERROR(cursor->intersects(among, seen));
            if (seen) {
                listed = cursor->text();
                any = true;
                if (!emitter.emit(listed)) return {};
            }
        }
        bool more = false;
        VARVE_RETURN_IF_ERROR(cursor->next(more));
        if (more) queue.push(cursor);
    }
    return {};
}

Status add_cursor(const TagSource &source, uint32_t column, const varve_schema_request &request,
                  Cursors &out) {
    auto cursor = source.values(column, view(request.after));
    if (!cursor.ok()) return cursor.status();
    out.push_back(std::move(*cursor));
    return {};
}

}  // namespace

Status list_source_measurements(const TagSources &sources, const Bitmap &among,
                                const varve_schema_request &request, varve_schema_sink sink) {
    const std::string_view only = view(request.measurement);
    if (!only.empty()) {
        const std::string_view after = view(request.after);
        if (!after.empty() && only <= after) return {};
        for (const auto &source : sources) {
            Bitmap ids;
            VARVE_RETURN_IF_ERROR(source->all(only, ids));
            if (!ids.intersects(among)) continue;
            (void)sink.entry(sink.ctx, str(only), 0);
            return {};
        }
        return {};
    }
    Cursors cursors;
    for (const auto &source : sources) {
        VARVE_RETURN_IF_ERROR(add_cursor(*source, kMeasurementsColumn, request, cursors));
    }
    return merge_values(cursors, among, request, sink);
}

Status list_source_tag_keys(const TagSources &sources, const Bitmap &among,
                            const varve_schema_request &request, varve_schema_sink sink) {
    if (view(request.measurement).empty()) {
        Cursors cursors;
        for (const auto &source : sources) {
            VARVE_RETURN_IF_ERROR(add_cursor(*source, kTagKeysColumn, request, cursors));
        }
        return merge_values(cursors, among, request, sink);
    }
    using Column = std::pair<const TagSource *, uint32_t>;
    std::map<std::string, std::vector<Column>> keys;
    for (const auto &source : sources) {
        std::vector<std::pair<std::string, uint32_t>> found;
        VARVE_RETURN_IF_ERROR(source->tag_keys(view(request.measurement), found));
        for (auto &[key, column] : found) keys[key].emplace_back(source.get(), column);
    }
    Emitter emitter(request, sink);
    const std::string after(view(request.after));
    for (auto at = after.empty() ? keys.begin() : keys.upper_bound(after); at != keys.end(); ++at) {
        for (const auto &[source, column] : at->second) {
            IdUnion ids;
            VARVE_RETURN_IF_ERROR(source->add_present(column, ids));
            if (!ids.take().intersects(among)) continue;
            if (!emitter.emit(at->first)) return {};
            break;
        }
    }
    return {};
}

Status list_source_tag_values(const TagSources &sources, const Bitmap &among,
                              const varve_schema_request &request, varve_schema_sink sink) {
    Cursors cursors;
    for (const auto &source : sources) {
        std::vector<uint32_t> columns;
        VARVE_RETURN_IF_ERROR(
            source->columns(view(request.measurement), view(request.tag), columns));
        for (const uint32_t column : columns) {
            VARVE_RETURN_IF_ERROR(add_cursor(*source, column, request, cursors));
        }
    }
    return merge_values(cursors, among, request, sink);
}

}  // namespace varve::strata
