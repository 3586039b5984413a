// What raw rows and rollups have in common: where rows come from, and which of them are wanted.
#pragma once

#include "query/languages/influxql08/select/expression.hpp"

namespace varve::query::influxql08 {

// Every row that has one of the columns counts, those of WHERE and GROUP BY as well.
Status add_counting_columns(const Table &table, const SelectStatement &select,
                            const SplitCondition &where, InputList &inputs);

// The last step, when all inputs are there: sources with their filters, range, order, limit.
Status set_sources(const SelectStatement &select, const SplitCondition &where, Table table,
                   plan::Select &out);

// The merged series' names as an input.
plan::Input origin_input();

bool is_origin(const Table &table, const std::string &name);

}  // namespace varve::query::influxql08
