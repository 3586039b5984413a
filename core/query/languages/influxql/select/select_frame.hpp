// What every select of a statement has in common, the inputs of its streams too: where and when
// rows come from, how they are grouped, and how many are wanted.
#pragma once

#include "query/languages/influxql/select/prepare_select.hpp"

namespace varve::query::influxql {

class SelectFrame {
  public:
    // `extra_tags` divide the groups further: those of the select around a subquery.
    SelectFrame(const PreparedSelect &prepared, const std::vector<std::string> &extra_tags,
                const FunctionTable &functions, const plan::TimeRange &range);
    // Lowers the subqueries; before it, a frame has no sources.
    Status add_sources() { return sources_for(range_).status(); }

    const std::vector<std::string> &group_tags() const { return group_tags_; }
    const FunctionTable &functions() const { return functions_; }
    // Where and when rows come from, `look_back` buckets before the range too; the inputs and the
    // group's tags are there already.
    Status set_source(plan::Select &out, uint32_t look_back);
    void set_row_limits(plan::Select &out) const;
    // LIMIT and OFFSET of a stream that is joined with others.
    void set_row_limits(plan::Stream &out) const;
    void set_series_limits(plan::Select &out) const;

  private:
    // What a subquery or a join gives to a select that reads the range.
    Result<plan::Select> rows_of(const ResolvedSource &source, const plan::TimeRange &range) const;

    struct Placed {
        const ResolvedSource *source = nullptr;
        std::shared_ptr<const plan::Select> subquery;
    };
    using Sources = std::map<std::string, std::vector<Placed>>;  // by measurement
    // Lowered when they are asked for first, a range at a time.
    Result<const Sources *> sources_for(const plan::TimeRange &range);
    void add_measurement(const std::string &name, const std::vector<Placed> &sources,
                         plan::Select &out) const;
    plan::ScanSource scan_source(const Placed &placed, uint32_t first_filter_input) const;

    const PreparedSelect &prepared_;
    const FunctionTable &functions_;
    std::vector<std::string> group_tags_;
    const plan::TimeRange range_;
    std::map<std::pair<int64_t, int64_t>, Sources> sources_;  // by the range that is read
};

}  // namespace varve::query::influxql
