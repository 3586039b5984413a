// Continuous queries, SELECT … INTO: stored instead of run. One that groups by time is run by the
// clock (query/continuous), any other copies what is written (write/copies).
#pragma once

#include <optional>

#include "query/languages/influxql08/session.hpp"
#include "query/languages/influxql08/syntax/ast.hpp"
#include "query/plan/select.hpp"
#include "write/copies/copy_rules.hpp"

namespace varve::query::influxql08 {

Status create_continuous_query(const Session &session, const Statement &statement);
Status list_continuous_queries(const Session &session);
Status drop_continuous_query(const Session &session, const Statement &statement);

// One that is run by the clock.
struct Rollup {
    std::string text;
    SelectStatement select;
    plan::Window window;
};

// A stored text as what it is; none if it is the other, or can't be read.
std::optional<Rollup> read_rollup(const std::string &text);
std::optional<CopyRule> read_copy_rule(const std::string &text);

}  // namespace varve::query::influxql08
