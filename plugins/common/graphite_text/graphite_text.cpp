#include "common/graphite_text/graphite_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "common/graphite_text/numbers.hpp"
#include "common/series_key.hpp"

namespace varve::graphite_text {
namespace {

constexpr std::string_view kDefaultField = "value";
// How much of a line that is too long stands among the rejected rows.
constexpr size_t kLongLineShown = 256;

Status bad(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// The line's fields: up to three, and how many there are, at most four.
struct Fields {
    std::string_view text[3];
    size_t count = 0;
};

Fields split_fields(std::string_view line) {
    Fields fields;
    const char *p = line.data();
    const char *const end = p + line.size();
    for (;;) {
        while (p != end && is_space(*p)) ++p;
        if (p == end || fields.count == 4) return fields;
        const char *const from = p;
        while (p != end && !is_space(*p)) ++p;
        if (fields.count < 3) fields.text[fields.count] = {from, static_cast<size_t>(p - from)};
        ++fields.count;
    }
}

std::string_view trimmed(std::string_view line) {
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    return line;
}

std::string field_text(std::string_view path) {
    return "field \"" + std::string(path) + "\" value";
}

}  // namespace

Result<Codec> Codec::make(const Options &options) {
    Result<TemplateTree> tree = TemplateTree::make(options.templates, options.separator);
    if (!tree.ok()) return tree.status();
    TagList tags;
    for (const std::string &text : options.tags) {
        auto tag = parse_tag(text);
        if (!tag.ok()) return tag.status();
        tags.push_back(std::move(*tag));
    }
    return Codec(std::move(*tree), std::move(tags), options);
}

Codec::Codec(TemplateTree tree, TagList tags, const Options &options)
    : tree_(std::move(tree)),
      tags_(std::move(tags)),
      hash_seed_(options.hash_seed),
      line_size_max_(options.line_size_max),
      cache_size_max_bytes_(options.cache_size_max_bytes),
      cache_(std::make_shared<SeriesCache>()) {}

void Codec::read(std::string_view text, int64_t now_ns) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.size() > line_size_max_) {
            refuse_long(line);
            continue;
        }
        const Status status = read_line(line, now_ns);
        if (!status.ok()) parsed_.bad_rows.add(trimmed(line), status.text());
    }
}

void Codec::refuse_long(std::string_view line) {
    ++line_count_;
    ++parsed_.long_line_count;
    parsed_.bad_rows.add(line.substr(0, kLongLineShown),
                         "line longer than " + std::to_string(line_size_max_) + " bytes");
}

Status Codec::read_line(std::string_view line, int64_t now_ns) {
    const Fields fields = split_fields(line);
    if (fields.count == 0) return {};
    ++line_count_;
    if (fields.count != 2 && fields.count != 3) {
        return bad("received " + quoted(trimmed(line)) + " which doesn't have required fields");
    }
    const std::string_view path = fields.text[0];
    const Result<KnownPath *> found = known(path);
    if (!found.ok()) return found.status();
    const Result<Number> number = parse_number(fields.text[1]);
    if (!number.ok()) return number.status().with_context(field_text(path));
    if (std::isnan(number->value)) {
        ++parsed_.nan_count;
        return {};
    }
    if (std::isinf(number->value)) {
        return bad(field_text(path) + ": \"" + (number->value > 0 ? "+Inf" : "-Inf") +
                   "\" is unsupported");
    }
    Timestamp time{true, 0};
    if (fields.count == 3) {
        const Result<Timestamp> parsed = parse_timestamp(fields.text[2], path);
        if (!parsed.ok()) return parsed.status();
        time = *parsed;
    }
    if (time.is_now) {
        const bool is_later = now_ns > last_now_ns_;
        last_now_ns_ = is_later ? now_ns : last_now_ns_ + 1;
        time.time_ns = last_now_ns_;
    }
    Series &series = *(*found)->series;
    if (series.generation != generation_) place(series);
    TableBuilder &table = *series.table;
    table.ensure_row();
    table.floats(0)[table.row_count()] = number->value;
    table.note_decimals(0, number->decimals);
    table.commit(series.key_index, time.time_ns, ordinal_++);
    return {};
}

// Gives the series its place in the batch under construction.
void Codec::place(Series &series) {
    const FieldSpec field{series.field, VARVE_TYPE_FLOAT64};
    series.table = &batch_.table(series.measurement, {&field, 1});
    series.key_index = series.table->key_count();
    series.table->add_key({str(series.key), series.hashes.hash, series.hashes.check});
    series.generation = generation_;
}

// Senders repeat their paths in the same order: first the one that followed the last time.
Result<KnownPath *> Codec::known(std::string_view path) {
    KnownPath *found = last_ != nullptr ? last_->next : nullptr;
    if (found == nullptr || found->text != path) {
        found = cache_->find(path);
        if (found == nullptr) {
            const Result<KnownPath *> learnt = learn(path);
            if (!learnt.ok()) return learnt;
            found = *learnt;
        }
        if (last_ != nullptr) last_->next = found;
    }
    last_ = found;
    return found;
}

Result<KnownPath *> Codec::learn(std::string_view path) {
    const size_t semicolon = std::min(path.find(';'), path.size());
    const std::string_view name = path.substr(0, semicolon);
    if (name.empty()) return bad("no name in path " + quoted(path));
    parts_.clear();
    split_dots(name, parts_);
    VARVE_RETURN_IF_ERROR(tree_.find(parts_).apply(parts_, path, applied_));
    if (semicolon != path.size()) {
        VARVE_RETURN_IF_ERROR(add_path_tags(path, path.substr(semicolon + 1)));
    }
    for (const auto &[key, value] : tags_) {
        if (applied_.find_tag(key) == nullptr) applied_.tags.emplace_back(key, value);
    }
    const std::string_view measurement =
        applied_.measurement.empty() ? name : std::string_view(applied_.measurement);
    const std::string_view field =
        applied_.field.empty() ? kDefaultField : std::string_view(applied_.field);
    std::vector<series_key::Tag> tags;
    for (const auto &[key, value] : applied_.tags) tags.push_back({key, value});
    key_.clear();
    VARVE_RETURN_IF_ERROR(series_key::append(measurement, tags, key_));
    return cache_->add(path, measurement, field, key_, series_key::hashes(key_, hash_seed_));
}

// `k=v;k2=v2`, what stands behind the path's first semicolon. A key named twice counts once, the
// last.
Status Codec::add_path_tags(std::string_view path, std::string_view tags) {
    for (;;) {
        const size_t end = std::min(tags.find(';'), tags.size());
        const std::string_view tag = tags.substr(0, end);
        const size_t equals = tag.find('=');
        if (equals == std::string_view::npos || equals == 0 || equals + 1 == tag.size()) {
            return bad("invalid tag " + quoted(tag) + " in path " + quoted(path));
        }
        const std::string_view key = tag.substr(0, equals);
        std::string *known = applied_.find_tag(key);
        if (known == nullptr) known = &applied_.tags.emplace_back(key, "").second;
        *known = tag.substr(equals + 1);
        if (end == tags.size()) return {};
        tags.remove_prefix(end + 1);
    }
}

Parsed Codec::finish(uint64_t producer) {
    Parsed out = std::exchange(parsed_, {});
    batch_.on_release([cache = cache_] {});
    out.batch = batch_.finish(hash_seed_, producer);
    if (cache_->size_bytes() >= cache_size_max_bytes_) {
        cache_ = std::make_shared<SeriesCache>();
        last_ = nullptr;
    }
    ++generation_;
    line_count_ = 0;
    ordinal_ = 0;
    return out;
}

}  // namespace varve::graphite_text
