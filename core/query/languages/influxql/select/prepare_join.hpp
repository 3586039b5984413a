// FROM a JOIN b ON time, tags: each side is a select of the fields that are asked for, by the tags;
// what both give is one measurement.
#pragma once

#include <set>

#include "query/languages/influxql/select/prepare_select.hpp"

namespace varve::query::influxql {

// Which fields a select around a join refers to.
struct JoinNeeds {
    explicit JoinNeeds(const CheckedSelect &checked);

    bool all = false;  // by a wildcard or a regex
    std::set<std::string> names;
};

struct PreparedJoin {
    struct Side {
        std::shared_ptr<const SelectStatement> statement;
        std::shared_ptr<const PreparedSelect> select;
        std::string name;  // before the dot of "a.v"; empty = fields have no such names
        std::vector<plan::Output> outputs;
    };
    struct Column {
        std::string name;
        uint32_t input = 0;  // among the left side's outputs and then the right side's
        plan::Type type = plan::Type::none;
    };
    Side left;
    Side right;
    std::vector<std::string> tags;  // sorted
    std::string measurement;        // "a_b"
    std::vector<Column> columns;
};

// invalid_argument where a side is a regex, or a name means fields of both sides.
Result<ResolvedSource> prepare_join(const Session &session, SourceResolver &resolver,
                                    const Join &join, const JoinNeeds &needs,
                                    const OuterSelect &around);

Result<plan::Select> lower_join(const PreparedJoin &join, const FunctionTable &functions,
                                const plan::TimeRange &range, bool ascending);

}  // namespace varve::query::influxql
