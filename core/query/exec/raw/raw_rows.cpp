#include "query/exec/raw/raw_rows.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "query/exec/no_throw.hpp"
#include "query/exec/subquery/row_table.hpp"

namespace varve::query::exec {

namespace {

constexpr uint32_t kNotWanted = UINT32_MAX;

// Takes the rows on this side of the edge off the cursors; null = all rows.
std::vector<SeriesMerge::Cursor> cut_shard(std::vector<SeriesMerge::Cursor> &rest,
                                           const int64_t *edge, bool ascending) {
    std::vector<SeriesMerge::Cursor> out;
    for (SeriesMerge::Cursor &cursor : rest) {
        SeriesMerge::Cursor taken = cursor;
        if (edge != nullptr) {
            taken.end = std::partition_point(cursor.at, cursor.end, [&](uint32_t row) {
                const int64_t time = cursor.times[row];
                return ascending ? time < *edge : time >= *edge;
            });
        }
        cursor.at = taken.end;
        if (taken.at != taken.end) out.push_back(taken);
    }
    return out;
}

}  // namespace

Status RawRows::load(const RawLoad &load) {
    for (const plan::ScanSource &source : measurement_.sources) {
        VARVE_RETURN_IF_ERROR(load_source(source, load));
    }
    if (!overflowed()) sort(load.is_slice);
    return {};
}

uint64_t RawRows::series_count() const {
    uint64_t count = 0;
    for (const auto &part : parts_) count += part->series_keys.size();
    return count;
}

Status RawRows::load_source(const plan::ScanSource &source, const RawLoad &load) {
    Result<std::unique_ptr<MeasurementScan>> opened = MeasurementScan::open(
        run_, source, {load.from_ns, load.to_ns, load.limit_per_series, run_.tasks.parallelism()});
    if (!opened.ok()) return opened.status();
    scans_.push_back(std::move(*opened));
    MeasurementScan &scan = *scans_.back();
    const size_t count = scan.scan().partition_count();
    std::vector<Status> statuses(count);
    std::vector<std::function<void()>> jobs;
    for (size_t i = 0; i < count; ++i) {
        parts_.push_back(std::make_unique<RawPart>(run_.budget));
        parts_.back()->source = static_cast<uint32_t>(scans_.size() - 1);
        RawPart &part = *parts_.back();
        Status &status = statuses[i];
        jobs.push_back(
            [&, i] { status = no_throw([&] { return read_partition(scan, i, load, part); }); });
    }
    run_.tasks.run_all(jobs);
    for (Status &status : statuses) VARVE_RETURN_IF_ERROR(status);
    return {};
}

Status RawRows::read_partition(MeasurementScan &scan, size_t partition, const RawLoad &load,
                               RawPart &part) {
    for (const plan::Input &input : run_.select.inputs) {
        part.columns.emplace_back();
        part.columns.back().reset(input.is_tag ? Type::string : input.type, 0);
    }
    varve_block block;
    uint32_t current = kNotWanted;
    bool wanted = false;
    uint64_t given = 0;  // rows of the series at hand
    uint64_t kept = 0;
    const auto end_series = [&] {
        if (load.limit_per_series == 0 || given < load.limit_per_series) return;
        if (kept < load.limit_per_series) fell_short_ = true;
    };
    for (;;) {
        VARVE_RETURN_IF_ERROR(run_.budget.check());
        const Result<bool> more = scan.scan().next(partition, block);
        if (!more.ok()) return more.status();
        if (!*more || block.series != current) end_series();
        if (!*more || overflowed()) return {};
        if (block.series != current) {
            current = block.series;
            given = kept = 0;
            std::string group = scan.group_key(partition, current);
            wanted = load.groups == nullptr || load.groups->contains(group);
            if (load.counts_series) VARVE_RETURN_IF_ERROR(run_.budget.add_series(1));
            if (wanted) {
                part.group_keys.push_back(std::move(group));
                begin_series(scan, partition, current, part);
            }
        }
        if (!wanted) continue;
        const size_t before = part.times.size();
        const uint64_t limit = load.limit_per_series;
        if (limit != 0 && kept == limit) continue;
        const uint64_t rows_max = limit == 0 ? UINT64_MAX : limit - kept;
        const Result<uint64_t> rows = append(scan, partition, block, rows_max, part);
        if (!rows.ok()) return rows.status();
        const uint64_t added = part.times.size() - before;
        given += *rows;
        kept += added;
        const uint64_t total = loaded_.fetch_add(added) + added;
        if (load.rows_max != 0 && total > load.rows_max) overflowed_ = true;
    }
}

void RawRows::begin_series(MeasurementScan &scan, size_t partition, uint32_t series,
                           RawPart &part) const {
    part.series_keys.emplace_back(scan.scan().series_key(partition, series));
    const uint32_t row = 0;
    for (size_t i = 0; i < run_.select.inputs.size(); ++i) {
        if (!run_.select.inputs[i].is_tag) continue;
        scan.append_rows(partition, series, i, {&row, 1}, nullptr, part.columns[i]);
    }
}

Status RawRows::keep_texts(size_t from, Vector &column, RawPart &part) {
    for (size_t row = from; row < column.valid.size(); ++row) {
        if (!column.is_valid(row)) continue;
        const std::string_view text = column.text[row];
        auto *copy = static_cast<char *>(part.arena.allocate(text.size() + 1, 1));
        if (copy == nullptr) return part.arena.status();
        std::memcpy(copy, text.data(), text.size());
        column.text[row] = {copy, text.size()};
    }
    return {};
}

Result<uint64_t> RawRows::append(MeasurementScan &scan, size_t partition, const varve_block &block,
                                 uint64_t rows_max, RawPart &part) const {
    if (rows_max == 1 && scan.knows_first_row(block)) {
        VARVE_RETURN_IF_ERROR(append_known_row(scan, partition, block, part));
        return uint64_t{block.rows};
    }
    MeasurementScan::LoadedRows loaded;
    VARVE_RETURN_IF_ERROR(scan.load(partition, block, loaded));
    VARVE_RETURN_IF_ERROR(run_.budget.add_points(loaded.loaded.row_count));
    std::vector<uint32_t> rows = scan.rows_that_count(loaded);
    if (rows.size() > rows_max) {
        // Those that come first in the plan's direction.
        const auto surplus = static_cast<ptrdiff_t>(rows.size() - rows_max);
        run_.select.ascending ? rows.erase(rows.end() - surplus, rows.end())
                              : rows.erase(rows.begin(), rows.begin() + surplus);
    }
    const size_t inputs = run_.select.inputs.size();
    VARVE_RETURN_IF_ERROR(charge(rows.size(), part));
    for (const uint32_t row : rows) part.times.push_back(loaded.loaded.times[row]);
    part.series.resize(part.times.size(), static_cast<uint32_t>(part.series_keys.size() - 1));
    for (size_t i = 0; i < inputs; ++i) {
        if (run_.select.inputs[i].is_tag) continue;
        Vector &column = part.columns[i];
        const size_t from = column.valid.size();
        scan.append_rows(partition, block.series, i, rows, loaded.loaded.columns, column);
        if (column.type != Type::string) continue;
        VARVE_RETURN_IF_ERROR(keep_texts(from, column, part));
    }
    return uint64_t{loaded.loaded.row_count};
}

Status RawRows::append_known_row(MeasurementScan &scan, size_t partition, const varve_block &block,
                                 RawPart &part) const {
    VARVE_RETURN_IF_ERROR(run_.budget.add_points(1));
    VARVE_RETURN_IF_ERROR(charge(1, part));
    part.times.push_back(run_.select.ascending ? block.t_min : block.t_max);
    part.series.push_back(static_cast<uint32_t>(part.series_keys.size() - 1));
    for (size_t i = 0; i < run_.select.inputs.size(); ++i) {
        if (run_.select.inputs[i].is_tag) continue;
        scan.append_first_row(partition, block, i, part.columns[i]);
    }
    return {};
}

Status RawRows::charge(uint64_t rows, RawPart &part) const {
    const std::vector<plan::Input> &inputs = run_.select.inputs;
    const auto fields = static_cast<uint64_t>(std::count_if(
        inputs.begin(), inputs.end(), [](const plan::Input &input) { return !input.is_tag; }));
    const uint64_t size =
        rows * (sizeof(int64_t) + 2 * sizeof(uint32_t) + sizeof(SortKey) + fields * 17);
    VARVE_RETURN_IF_ERROR(run_.budget.charge(size));
    part.charged += size;
    return {};
}

void RawRows::sort(bool is_slice) {
    const std::vector<Place> places = ranked_places();
    const bool of_one_table =
        measurement_.sources.size() == 1 && measurement_.sources.front().subquery == nullptr;
    of_one_table && !is_slice ? merge_series(places) : sort_by_keys(places);
}

// Series by group and key: they are compared once; rows then compare numbers.
std::vector<RawRows::Place> RawRows::ranked_places() const {
    std::vector<Place> places;
    for (uint32_t p = 0; p < parts_.size(); ++p) {
        for (uint32_t s = 0; s < parts_[p]->series_keys.size(); ++s) {
            places.push_back({&parts_[p]->group_keys[s], &parts_[p]->series_keys[s], p, s});
        }
    }
    std::sort(places.begin(), places.end(), [](const Place &a, const Place &b) {
        return *a.group != *b.group ? *a.group < *b.group : *a.key < *b.key;
    });
    for (size_t i = 1; i < places.size(); ++i) {
        const bool same = *places[i].group == *places[i - 1].group;
        places[i].group_rank = places[i - 1].group_rank + (same ? 0 : 1);
    }
    return places;
}

void RawRows::sort_by_keys(const std::vector<Place> &places) {
    std::vector<std::vector<SortKey>> ranks(parts_.size());  // by series; row and time are unset
    for (uint32_t p = 0; p < parts_.size(); ++p) ranks[p].resize(parts_[p]->series_keys.size());
    for (uint32_t i = 0; i < places.size(); ++i) {
        const Place &place = places[i];
        const uint32_t source = run_.select.feeds_stream ? parts_[place.part]->source : 0;
        ranks[place.part][place.series] = {0, source, place.group_rank, i, {place.part, 0}};
    }
    std::vector<SortKey> keys;
    for (uint32_t p = 0; p < parts_.size(); ++p) {
        for (uint32_t row = 0; row < parts_[p]->times.size(); ++row) {
            keys.push_back(ranks[p][parts_[p]->series[row]]);
            keys.back().time = parts_[p]->times[row];
            keys.back().ref.row = row;
        }
    }
    const bool ascending = run_.select.ascending;
    const bool by_group = comes_by_group(run_.select);
    std::sort(keys.begin(), keys.end(), [&](const SortKey &a, const SortKey &b) {
        // Descending order turns everything round: series, times and ties.
        if (a.group != b.group) return (a.group < b.group) == ascending;
        if (a.source != b.source) return a.source < b.source;
        if (by_group) return a.series != b.series ? a.series < b.series : a.time < b.time;
        if (a.time != b.time) return (a.time < b.time) == ascending;
        if (a.series != b.series) return (a.series < b.series) == ascending;
        return a.ref.row < b.ref.row;
    });
    order_.reserve(keys.size());
    for (const SortKey &key : keys) order_.push_back(key.ref);
}

// The columns that decide between rows of equal time: InfluxDB looks at them in the order of their
// names, up to the first that holds no texts.
std::vector<size_t> RawRows::tie_columns() const {
    const std::vector<plan::Input> &inputs = run_.select.inputs;
    if (run_.select.feeds_stream) return {};
    std::vector<size_t> out;
    for (size_t i = 0; i < inputs.size(); ++i) out.push_back(i);
    std::sort(out.begin(), out.end(), [&](size_t a, size_t b) {
        return inputs[a].name != inputs[b].name ? inputs[a].name < inputs[b].name
                                                : inputs[a].is_tag < inputs[b].is_tag;
    });
    const auto end = std::find_if(out.begin(), out.end(), [&](size_t i) {
        return !inputs[i].is_tag && inputs[i].type != Type::string;
    });
    out.erase(end, out.end());
    return out;
}

bool RawRows::texts_before(Ref one, Ref other, const std::vector<size_t> &columns) const {
    for (const size_t i : columns) {
        const plan::Input &input = run_.select.inputs[i];
        const Vector &first = parts_[one.part]->columns[i];
        const Vector &second = parts_[other.part]->columns[i];
        const size_t first_at = parts_[one.part]->position(input, one.row);
        const size_t second_at = parts_[other.part]->position(input, other.row);
        if (!first.is_valid(first_at) || !second.is_valid(second_at)) return false;
        if (first.text[first_at] == second.text[second_at]) continue;
        return (first.text[first_at] < second.text[second_at]) == run_.select.ascending;
    }
    return false;
}

std::vector<uint32_t> RawRows::tie_ranks(const std::vector<Place> &places,
                                         const std::vector<size_t> &columns) const {
    std::vector<std::vector<std::string_view>> texts(places.size());
    for (size_t place = 0; place < places.size(); ++place) {
        const RawPart &part = *parts_[places[place].part];
        for (const size_t i : columns) {
            const bool decides =
                run_.select.inputs[i].is_tag && part.columns[i].is_valid(places[place].series);
            if (!decides) return {};
            texts[place].push_back(part.columns[i].text[places[place].series]);
        }
    }
    std::vector<uint32_t> order(places.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return run_.select.ascending ? texts[a] < texts[b] : texts[b] < texts[a];
    });
    std::vector<uint32_t> ranks(places.size());
    for (size_t i = 1; i < order.size(); ++i) {
        const bool same = texts[order[i]] == texts[order[i - 1]];
        ranks[order[i]] = ranks[order[i - 1]] + (same ? 0 : 1);
    }
    return ranks;
}

void RawRows::merge_series(const std::vector<Place> &places) {
    const bool ascending = run_.select.ascending;
    std::vector<std::vector<std::vector<uint32_t>>> rows(parts_.size());  // by part and series
    for (uint32_t p = 0; p < parts_.size(); ++p) {
        const RawPart &part = *parts_[p];
        rows[p].resize(part.series_keys.size());
        for (uint32_t row = 0; row < part.times.size(); ++row) {
            rows[p][part.series[row]].push_back(row);
        }
        const auto comes_first = [&](uint32_t a, uint32_t b) {
            return ascending ? part.times[a] < part.times[b] : part.times[a] > part.times[b];
        };
        for (std::vector<uint32_t> &list : rows[p]) {
            if (std::is_sorted(list.begin(), list.end(), comes_first)) continue;
            std::sort(list.begin(), list.end(), comes_first);
        }
    }
    std::vector<size_t> texts = tie_columns();
    const std::vector<uint32_t> ranks = tie_ranks(places, texts);
    if (!ranks.empty()) texts.clear();
    std::vector<SeriesMerge::Cursor> rest;  // rows that are not yet given
    for (uint32_t i = 0; i < places.size(); ++i) {
        const std::vector<uint32_t> &list = rows[places[i].part][places[i].series];
        rest.push_back({places[i].group_rank, i, ranks.empty() ? 0 : ranks[i], list.data(),
                        list.data() + list.size(), parts_[places[i].part]->times.data()});
    }
    std::sort(rest.begin(), rest.end(), [&](const auto &a, const auto &b) {
        return a.group != b.group ? a.group < b.group : (a.series < b.series) == ascending;
    });
    std::vector<std::vector<Ref>> by_group(places.empty() ? 0 : places.back().group_rank + 1);
    for (auto from = rest.begin(); from != rest.end();) {
        const auto to = std::find_if(
            from, rest.end(), [&](const auto &cursor) { return cursor.group != from->group; });
        merge_shards({from, to}, places, texts, by_group[from->group]);
        from = to;
    }
    if (!ascending) std::reverse(by_group.begin(), by_group.end());
    for (const std::vector<Ref> &refs : by_group) {
        order_.insert(order_.end(), refs.begin(), refs.end());
    }
}

// `rest`: of one group, by key in the direction.
void RawRows::merge_shards(std::vector<SeriesMerge::Cursor> rest, const std::vector<Place> &places,
                           const std::vector<size_t> &texts, std::vector<Ref> &out) const {
    const bool ascending = run_.select.ascending;
    SeriesMerge::TieOrder tie_order;
    if (!texts.empty()) {
        tie_order = [&](const SeriesMerge::Cursor &a, const SeriesMerge::Cursor &b) {
            return texts_before({places[a.series].part, *a.at}, {places[b.series].part, *b.at},
                                texts);
        };
    }
    SeriesMerge merge(ascending, std::move(tie_order));
    const std::vector<int64_t> &starts = measurement_.sources.front().shard_starts;
    for (size_t shard = 0; shard <= starts.size(); ++shard) {
        const int64_t *edge = nullptr;
        if (shard < starts.size()) {
            edge = &starts[ascending ? shard : starts.size() - 1 - shard];
        }
        for (merge.begin(cut_shard(rest, edge, ascending)); !merge.done(); merge.advance()) {
            const SeriesMerge::Cursor &next = merge.top();
            out.push_back({places[next.series].part, *next.at});
        }
    }
}

void RawRows::gather_texts(size_t input, size_t from, Vector &out) const {
    for (size_t i = 0; i < out.valid.size(); ++i) {
        const Ref ref = order_[from + i];
        const RawPart &part = *parts_[ref.part];
        const Vector &values = part.columns[input];
        const size_t position = part.position(run_.select.inputs[input], ref.row);
        if (values.valid[position] != 0) out.set_text(i, values.text[position]);
    }
}

void RawRows::gather_numbers(size_t input, size_t from, Vector &out) const {
    // Writing a byte of validity might, for all the compiler knows, move the vectors.
    uint64_t *const bits = out.bits.data();
    uint8_t *const valid = out.valid.data();
    const Ref *const refs = order_.data() + from;
    const size_t rows = out.valid.size();
    std::vector<std::pair<const uint64_t *, const uint8_t *>> values;  // by part
    values.reserve(parts_.size());
    for (const auto &part : parts_) {
        values.emplace_back(part->columns[input].bits.data(), part->columns[input].valid.data());
    }
    const auto *const by_part = values.data();
    for (size_t i = 0; i < rows; ++i) {
        const auto [part_bits, part_valid] = by_part[refs[i].part];
        bits[i] = part_bits[refs[i].row];
        valid[i] = part_valid[refs[i].row];
    }
}

std::vector<Vector> RawRows::gather(size_t from, size_t to) const {
    std::vector<Vector> out;
    for (size_t i = 0; i < run_.select.inputs.size(); ++i) {
        const plan::Input &input = run_.select.inputs[i];
        Vector &column = out.emplace_back();
        column.reset(input.is_tag ? Type::string : input.type, to - from);
        if (column.type == Type::string) {
            gather_texts(i, from, column);
        } else if (column.type != Type::none) {
            gather_numbers(i, from, column);
        }
    }
    return out;
}

}  // namespace varve::query::exec
