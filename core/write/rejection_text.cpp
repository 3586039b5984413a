#include "write/rejection_text.hpp"

#include <array>

#include <varve/cpp/bytes.hpp>

namespace varve {
namespace {

const char *reject_reason(uint32_t reject) {
    switch (reject) {
        case VARVE_REJECT_TYPE_CONFLICT:
            return "type_conflict";
        case VARVE_REJECT_NO_SHARD:
            return "no_shard";
        case VARVE_REJECT_SERIES_LIMIT:
            return "series_limit";
        case VARVE_REJECT_MEASUREMENT_LIMIT:
            return "measurement_series_limit";
        case VARVE_REJECT_TAG_VALUE_LIMIT:
            return "tag_value_limit";
        case VARVE_REJECT_IDENTITY_CLASH:
            return "identity_clash";
        case VARVE_REJECT_KEY_TOO_LONG:
            return "key_too_long";
        default:
            return "other";
    }
}

// The tag at this position of a canonical key, still escaped: ("host", "a").
std::pair<std::string, std::string> tag_at(std::string_view key, uint32_t position) {
    size_t start = 0;
    for (uint32_t seen = 0; start < key.size(); ++seen) {
        size_t end = start;
        while (end < key.size() && key[end] != ',') end += key[end] == '\\' ? 2 : 1;
        end = std::min(end, key.size());
        if (seen == position + 1) {
            const std::string_view tag = key.substr(start, end - start);
            size_t equals = 0;
            while (equals < tag.size() && tag[equals] != '=') equals += tag[equals] == '\\' ? 2 : 1;
            equals = std::min(equals, tag.size());
            return {std::string(tag.substr(0, equals)),
                    std::string(equals < tag.size() ? tag.substr(equals + 1) : "")};
        }
        start = end + 1;
    }
    return {};
}

}  // namespace

const char *field_type_name(uint32_t type) {
    switch (type) {
        case VARVE_TYPE_FLOAT64:
            return "float";
        case VARVE_TYPE_INT64:
            return "integer";
        case VARVE_TYPE_UINT64:
            return "unsigned";
        case VARVE_TYPE_STRING:
            return "string";
        case VARVE_TYPE_BOOLEAN:
            return "boolean";
        default:
            return "unknown";
    }
}

std::string rejection_text(const varve_batch &batch, const varve_rejection &rejection) {
    const varve_table &table = *batch.tables[rejection.table];
    const std::string measurement(view(table.measurement));
    const std::string limit = std::to_string(rejection.limit);
    switch (rejection.reject) {
        case VARVE_REJECT_TYPE_CONFLICT: {
            const varve_column &column = table.columns[rejection.column];
            return "field type conflict: input field \"" + std::string(view(column.name)) +
                   "\" on measurement \"" + measurement + "\" is type " +
                   field_type_name(column.type) + ", already exists as type " +
                   field_type_name(rejection.existing_type);
        }
        case VARVE_REJECT_SERIES_LIMIT:
            return "max-series-per-database limit exceeded: (" + limit + ")";
        case VARVE_REJECT_MEASUREMENT_LIMIT:
            return "max-series-per-measurement limit exceeded: (" + limit + "): measurement=\"" +
                   measurement + '"';
        case VARVE_REJECT_TAG_VALUE_LIMIT: {
            const std::string_view key = view(table.keys[table.key_index[rejection.row]].text);
            const auto [tag, value] = tag_at(key, rejection.column);
            return "max-values-per-tag limit exceeded (" + limit + "/" + limit +
                   "): measurement=\"" + measurement + "\" tag=\"" + tag + "\" value=\"" + value +
                   '"';
        }
        case VARVE_REJECT_NO_SHARD:
            return "points beyond retention policy";
        case VARVE_REJECT_IDENTITY_CLASH:
            return "another point with this time and another sequence number exists in \"" +
                   measurement + '"';
        default:
            return "max key length exceeded";
    }
}

Rejected::Rejected(const Submission &submission, const varve_write_result &result) : rest(result) {
    const uint64_t clash_count = result.rejected[VARVE_REJECT_IDENTITY_CLASH];
    if (!submission.returns_clashes || clash_count == 0) return;
    const varve_rejection *last = nullptr;
    uint64_t listed = 0;
    for (uint32_t i = 0; i < result.rejection_count; ++i) {
        const varve_rejection &rejection = result.rejections[i];
        const bool is_clash = rejection.reject == VARVE_REJECT_IDENTITY_CLASH;
        listed += is_clash ? 1 : 0;
        if (!is_clash || rejection.table >= submission.own_tables) {  // or of a copy
            kept_.push_back(rejection);
            continue;
        }
        const varve_table &table = *submission.batch->tables[rejection.table];
        clashes.push_back(table.ordinals == nullptr ? rejection.row
                                                    : table.ordinals[rejection.row]);
        last = &rejection;
    }
    // More than are listed: those that are not stay rejected, and one speaks for them.
    if (clash_count > listed && last != nullptr) {
        kept_.push_back(*last);
        clashes.pop_back();
    }
    rest.rejections = kept_.data();
    rest.rejection_count = static_cast<uint32_t>(kept_.size());
    rest.rejected[VARVE_REJECT_IDENTITY_CLASH] -= clashes.size();
}

void record_rejections(const Submission &submission, const varve_write_result &result,
                       int64_t now_ns, Rejects &rejects) {
    std::array<uint64_t, VARVE_REJECT_KINDS> listed{};
    for (uint32_t i = 0; i < result.rejection_count; ++i) {
        const varve_rejection &rejection = result.rejections[i];
        const varve_table &table = *submission.batch->tables[rejection.table];
        const std::string_view key = view(table.keys[table.key_index[rejection.row]].text);
        rejects.add({now_ns, submission.database, reject_reason(rejection.reject),
                     rejection_text(*submission.batch, rejection),
                     std::string(key.substr(0, kRejectTextMax)) + ' ' +
                         std::to_string(table.times[rejection.row])});
        ++listed[rejection.reject];
    }
    for (uint32_t kind = 0; kind < VARVE_REJECT_KINDS; ++kind) {
        if (result.rejected[kind] > listed[kind]) {
            rejects.count(reject_reason(kind), result.rejected[kind] - listed[kind]);
        }
    }
}

}  // namespace varve
