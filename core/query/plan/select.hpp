// The plan algebra: what every language is lowered to. A Select is a pipeline of fixed order, each
// stage of which may be absent:
//
//   scan ── filter ── aggregate by (tags, window) ── fill ── having ── project ── order ── limit
//   per series ── limit of (per measurement) series
//
// Functions over a stream of rows (derivative) make a Select over others: each of its streams is
// the rows of an input Select, seen through stream functions; streams are joined by series and
// time.
//
//   stream ── stream ── … ── join ── having ── project ── order ── limit
//   (input select ── call ── call ── limit)
//
// A rollup is aggregation into one series, bucket by bucket, whose groups are told apart by the
// values of columns:
//
//   scan ── filter ── compute ── aggregate by (columns, window) ── fill ── project ── limit
//
// A pairing puts the nearest rows of several selects side by side.
//
// What a source is can be another Select as well (a subquery): its outputs are fields, its group's
// tags are tags.
//
// Columns are known by position. The inputs are the fields and tags that the select refers to, the
// same for all measurements; a source's filter may refer to further ones behind them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <varve/kind/function.h>
#include <varve/kind/storage.h>

#include "model/time.hpp"
#include "query/plan/scalar.hpp"

namespace varve::query::plan {

// A tree over tags, owned; handed to storage as varve_series_predicate.
struct SeriesPredicate {
    uint32_t op = VARVE_SERIES_ALL;
    std::string tag;
    std::string value;
    std::vector<SeriesPredicate> children;
};

struct ValueCondition {  // `column op constant`; lets storage skip blocks
    std::string column;
    uint32_t op = VARVE_EQ;
    Type type = Type::none;
    double number = 0;
    int64_t integer = 0;
    uint64_t unsigned_integer = 0;
    std::string text;
};

struct Input {
    std::string name;
    bool is_tag = false;
    Type type = Type::none;  // what values are turned to; none = there are no values at all
    // Numbers of other types are converted; what cannot be is absent.
    bool converts = true;
    bool is_origin =
        false;           // the name of the measurement that a row comes from; then a tag as well
    bool counts = true;  // false: a row that has a value of nothing else is none
};

struct Select;

// Instants, both inclusive.
struct TimeRange {
    int64_t min_ns = kTimeMin;
    int64_t max_ns = kTimeMax;
    bool has_min() const { return min_ns != kTimeMin; }
    bool has_max() const { return max_ns != kTimeMax; }
    bool empty() const { return min_ns > max_ns; }
};

// Where rows of a measurement come from, and which of them count: a table of storage, or what
// another select gives for the measurement.
struct ScanSource {
    uint64_t db_id = 0;
    uint64_t rp_id = 0;
    std::string measurement;
    std::vector<int64_t> shard_starts;       // of the table's shards, ascending
    TimeRange readable;                      // of a table: rows outside do not count
    std::shared_ptr<const Select> subquery;  // set: the ids mean nothing
    SeriesPredicate series;                  // of storage's series
    std::vector<Input> filter_inputs;        // positions follow Select::inputs
    std::optional<Scalar> filter;            // true = the row stays
    std::vector<ValueCondition> conditions;
};

struct Measurement {
    std::string name;
    std::vector<ScanSource> sources;
};

struct Window {
    // 0 = one bucket over the whole range; of calendar months their mean length.
    int64_t interval_ns = 0;
    int64_t months = 0;  // 0 = all buckets are interval_ns long
    int64_t offset_ns = 0;
    TimeZone zone;
};

struct Argument {
    uint32_t kind = VARVE_ARGUMENT_OTHER;
    int64_t integer = 0;
    double number = 0;
    std::string text;
};

struct Aggregate {
    const varve_function *function = nullptr;
    uint32_t input = 0;               // position of the field in Select::inputs
    std::vector<Argument> arguments;  // all, the field first
    Type type = Type::none;           // of the result
    // Set: the rows of a multi function are counted instead, by this one (count(distinct(x))).
    const varve_function *counted_by = nullptr;
    // The rows are chosen among the best of each combination of Select::part_tags.
    bool best_of_parts = false;
};

struct StreamCall {
    const varve_function *function = nullptr;
    std::vector<Argument> arguments;  // all, what it is computed over first
};

struct Stream {
    std::shared_ptr<const Select> input;  // with one output
    std::vector<StreamCall> calls;        // innermost first; none = the rows as they are
    Type type = Type::none;               // of the values that come out
    uint64_t limit = 0;                   // per series, before the join; 0 = all
    uint64_t offset = 0;
};

enum class FillKind : uint8_t { null, none, previous, linear, number };

struct Fill {
    FillKind kind = FillKind::null;
    double number = 0;
    int64_t integer = 0;
    bool is_integer = false;
};

struct Output {
    std::string name;
    // Over inputs; with aggregates over the aggregates' results, and then the inputs; with streams
    // over the streams' values.
    Scalar value;
    Type type = Type::none;
};

// The rows of two selects of equal times and of equal group tags, side by side. The inputs of the
// joining select's outputs are the left side's outputs, then the right side's.
struct Join {
    std::shared_ptr<const Select> left;
    std::shared_ptr<const Select> right;
};

// The latest row of each select, as soon as all have one, which uses them up; rows are passed in
// the direction of the pairing select. A row has the time of the first select's row. The inputs of
// outputs are the outputs of all selects, one after the other.
struct Pairing {
    std::vector<std::shared_ptr<const Select>> sides;
};

struct Rollup {
    // Positions of the columns that tell groups apart: inputs, and behind them what is computed.
    // Groups are ordered by their values, null first. In outputs they follow the aggregates.
    std::vector<uint32_t> group_by;
    std::vector<Output> computed;  // over inputs; aggregates are computed over them, too
    bool fills = false;            // empty buckets have rows, of Select::fill
};

// Rows of a series by the values of an output, series by their first rows; 0 = all.
struct Order {
    uint32_t output = 0;
    bool ascending = true;
    uint64_t limit = 0;
    uint64_t offset = 0;
    uint64_t series_limit = 0;
    uint64_t series_offset = 0;
};

struct Select {
    std::vector<Measurement> measurements;   // ascending by name
    std::shared_ptr<const Join> join;        // set: the measurement has no sources
    std::shared_ptr<const Pairing> pairing;  // set: the measurement has no sources
    std::vector<Input> inputs;
    std::vector<std::string> group_tags;  // sorted
    std::vector<std::string> part_tags;   // see Aggregate::best_of_parts; none of group_tags
    TimeRange range;
    Window window;
    std::vector<Aggregate> aggregates;  // none, and no streams = raw rows
    std::optional<Rollup> rollup;       // set: of the aggregates
    std::vector<Stream> streams;        // beside them there are no aggregates and no inputs
    // The input of a stream: a point that is no number (stddev of one row) stays one, and what is
    // computed from it is no number either. Elsewhere it is null.
    bool feeds_stream = false;
    bool selector_time = false;  // rows carry the selected point's time
    bool needs_point = false;    // outputs refer to inputs of the selected point
    Fill fill;
    std::vector<Output> outputs;
    std::optional<Scalar> having;  // over what outputs are over; true = the row stays
    std::optional<Order> order;    // set: the limits below are 0
    std::string time_name = "time";
    bool ascending = true;
    uint64_t limit = 0;  // 0 = all
    uint64_t offset = 0;
    // Of the rows of each aggregate, before their buckets are put side by side; 0 = all.
    uint64_t call_limit = 0;
    uint64_t call_offset = 0;
    uint64_t series_limit = 0;  // per measurement
    uint64_t series_offset = 0;

    // Of what an aggregate is computed over: an input, or a computed column of a rollup.
    Type column_type(uint32_t position) const {
        if (position >= inputs.size()) return rollup->computed[position - inputs.size()].type;
        return inputs[position].type;
    }
};

}  // namespace varve::query::plan
