#include "query/exec/raw/raw_rows.hpp"

#include <algorithm>
#include <cstring>

#include "query/exec/no_throw.hpp"

namespace varve::query::exec {

namespace {

constexpr uint32_t kNotWanted = UINT32_MAX;

// The rows that the filter lets through and, where they need one, have a selected field's value.
std::vector<uint32_t> existing_rows(const plan::Select &select, const std::vector<Vector> &values,
                                    const std::vector<uint8_t> &passing, uint32_t rows,
                                    bool need_value) {
    std::vector<uint32_t> out;
    out.reserve(rows);
    for (uint32_t row = 0; row < rows; ++row) {
        if (!passing.empty() && passing[row] == 0) continue;
        if (!need_value) {
            out.push_back(row);
            continue;
        }
        for (size_t i = 0; i < values.size(); ++i) {
            if (select.inputs[i].is_tag || !values[i].is_valid(row)) continue;
            out.push_back(row);
            break;
        }
    }
    return out;
}

}  // namespace

Status RawRows::load(const RawLoad &load) {
    for (const plan::ScanSource &source : measurement_.sources) {
        VARVE_RETURN_IF_ERROR(load_source(source, load));
    }
    if (!overflowed()) sort();
    return {};
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
            if (wanted) {
                part.series_keys.emplace_back(scan.scan().series_key(partition, current));
                part.group_keys.push_back(std::move(group));
            }
        }
        if (!wanted) continue;
        const size_t before = part.times.size();
        const Result<uint64_t> rows = append(scan, partition, block, part);
        if (!rows.ok()) return rows.status();
        const uint64_t added = part.times.size() - before;
        given += *rows;
        kept += added;
        const uint64_t total = loaded_.fetch_add(added) + added;
        if (load.rows_max != 0 && total > load.rows_max) overflowed_ = true;
    }
}

Result<uint64_t> RawRows::append(MeasurementScan &scan, size_t partition, const varve_block &block,
                                 RawPart &part) const {
    varve_loaded loaded;
    VARVE_RETURN_IF_ERROR(scan.scan().load(partition, block, scan.positions(), loaded));
    VARVE_RETURN_IF_ERROR(run_.budget.add_points(loaded.row_count));
    std::vector<Vector> values;
    for (size_t i = 0; i < run_.select.inputs.size(); ++i) {
        values.push_back(scan.gather(partition, block.series, i, loaded.row_count, loaded.columns));
    }
    const std::vector<uint32_t> rows =
        existing_rows(run_.select, values, scan.passing(partition, block.series, loaded),
                      loaded.row_count, scan.rows_need_value());
    const uint64_t size =
        rows.size() * (sizeof(int64_t) + 2 * sizeof(uint32_t) + sizeof(Ref) + values.size() * 17);
    VARVE_RETURN_IF_ERROR(run_.budget.charge(size));
    part.charged += size;
    for (const uint32_t row : rows) {
        part.times.push_back(loaded.times[row]);
        part.series.push_back(static_cast<uint32_t>(part.series_keys.size() - 1));
        for (size_t i = 0; i < values.size(); ++i) {
            const bool copies = values[i].type == Type::string && !run_.select.inputs[i].is_tag &&
                                values[i].is_valid(row);
            if (copies) {
                const std::string_view text = values[i].text[row];
                auto *copy = static_cast<char *>(part.arena.allocate(text.size() + 1, 1));
                if (copy == nullptr) return part.arena.status();
                std::memcpy(copy, text.data(), text.size());
                values[i].text[row] = {copy, text.size()};
            }
            part.columns[i].append_from(values[i], row);
        }
    }
    return uint64_t{loaded.row_count};
}

void RawRows::sort() {
    // Series are compared once; rows then compare numbers.
    struct Place {
        const std::string *group;
        const std::string *key;
        uint32_t part;
        uint32_t series;
    };
    std::vector<Place> places;
    for (uint32_t p = 0; p < parts_.size(); ++p) {
        for (uint32_t s = 0; s < parts_[p]->series_keys.size(); ++s) {
            places.push_back({&parts_[p]->group_keys[s], &parts_[p]->series_keys[s], p, s});
        }
    }
    std::sort(places.begin(), places.end(), [](const Place &a, const Place &b) {
        return *a.group != *b.group ? *a.group < *b.group : *a.key < *b.key;
    });
    struct Rank {
        uint32_t group = 0;
        uint32_t series = 0;
    };
    std::vector<std::vector<Rank>> ranks(parts_.size());
    for (uint32_t p = 0; p < parts_.size(); ++p) ranks[p].resize(parts_[p]->series_keys.size());
    uint32_t group = 0;
    for (uint32_t i = 0; i < places.size(); ++i) {
        if (i > 0 && *places[i].group != *places[i - 1].group) ++group;
        ranks[places[i].part][places[i].series] = {group, i};
    }
    for (uint32_t p = 0; p < parts_.size(); ++p) {
        for (uint32_t row = 0; row < parts_[p]->times.size(); ++row) order_.push_back({p, row});
    }
    const bool ascending = run_.select.ascending;
    std::sort(order_.begin(), order_.end(), [&](Ref a, Ref b) {
        const RawPart &left = *parts_[a.part];
        const RawPart &right = *parts_[b.part];
        const Rank &first = ranks[a.part][left.series[a.row]];
        const Rank &second = ranks[b.part][right.series[b.row]];
        // Descending order turns everything round: series, times and ties.
        if (first.group != second.group) return (first.group < second.group) == ascending;
        if (left.times[a.row] != right.times[b.row]) {
            return (left.times[a.row] < right.times[b.row]) == ascending;
        }
        if (first.series != second.series) return (first.series < second.series) == ascending;
        return a.row < b.row;
    });
}

std::vector<Vector> RawRows::gather(size_t from, size_t to) const {
    std::vector<Vector> out;
    for (size_t i = 0; i < run_.select.inputs.size(); ++i) {
        const plan::Input &input = run_.select.inputs[i];
        out.emplace_back();
        out.back().reset(input.is_tag ? Type::string : input.type, 0);
        for (size_t at = from; at < to; ++at) {
            const Ref ref = order_[at];
            out.back().append_from(parts_[ref.part]->columns[i], ref.row);
        }
    }
    return out;
}

}  // namespace varve::query::exec
