// What a SELECT reads as one output series: a series, several that are merged, or a join.
#pragma once

#include "query/languages/influxql08/schema.hpp"
#include "query/languages/influxql08/time_condition.hpp"

namespace varve::query::influxql08 {

// A column as the rows of a plan have it: an input per type, because a column may have values of
// several types.
struct TableColumn {
    struct Part {
        std::string input;  // the input's name, the same for all parts
        plan::Type type = plan::Type::none;
    };
    std::vector<Part> parts;  // strongest first
    bool is_tag = false;

    // The part of a type; null = there is none.
    const Part *part(plan::Type type) const;
    bool has_numbers() const;
    // One input of all its numbers; only where it has numbers.
    plan::Input numbers() const;
    plan::Input input(const Part &part) const;
};

struct Table {
    std::string name;  // of the output series
    std::vector<plan::ScanSource> sources;
    std::map<std::string, TableColumn> columns;
    std::vector<std::string> prefixes;  // names that may stand before a column's, with a dot
    bool has_sequence_number = false;
    bool is_merged = false;
    bool is_join = false;

    // Null = it has no such column.
    const TableColumn *find(const std::string &column) const { return find_shown(column).second; }
    // The same with the name that the column is shown by.
    std::pair<std::string, const TableColumn *> find_shown(const std::string &column) const;
    // not_found "Field y doesn't exist in series x", of a join "Cannot find column y".
    Status unknown(const std::string &column) const;
};

// The tables of FROM, ascending by name.
Result<std::vector<Table>> resolve_tables(const Session &session, const Schema &schema,
                                          const SelectStatement &select,
                                          const plan::TimeRange &range);

}  // namespace varve::query::influxql08
