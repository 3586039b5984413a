// Which series (measurements) there are, and their columns: fields and tags alike.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "query/languages/influxql08/session.hpp"
#include "query/languages/influxql08/syntax/ast.hpp"
#include "query/plan/select.hpp"

namespace varve::query::influxql08 {

// The integer field that tells points of one time apart.
inline constexpr const char *kSequenceNumber = "sequence_number";
// The column of merged series that names a row's source.
inline constexpr const char *kOrigin = "_orig_series";

struct Column {
    std::vector<plan::Type> types;  // of its fields, strongest first
    bool is_tag = false;            // where no field has the name
};

using Columns = std::map<std::string, Column>;  // without sequence_number

struct SeriesSchema {
    std::string name;
    Columns columns;
    bool has_sequence_number = false;
};

// The series of one database, as one snapshot has them: each in the policy it belongs to, or all in
// the one that the request names.
class Schema {
  public:
    // "Database x doesn't exist" and "retention policy not found: x".
    static Result<std::unique_ptr<Schema>> open(const Session &session);

    const std::shared_ptr<exec::Snapshot> &snapshot() const { return snapshot_; }
    uint64_t db_id() const { return database_.id; }

    // not_found "Couldn't find series: x".
    Result<SeriesSchema> series(const std::string &name) const;
    // Names that the regex finds and the asker may read, ascending; null = all.
    Result<std::vector<std::string>> matching(const re2::RE2 *regex) const;
    // Where the rows of a series come from.
    plan::ScanSource source(const std::string &name) const;

  private:
    Schema() = default;

    // What the series of one policy are read from.
    struct Policy {
        uint64_t id = 0;
        std::vector<int64_t> shard_starts;
    };
    Status add_policy(const Catalog &catalog, const std::string &name);
    const std::string &policy_of(const std::string &series) const;

    Database database_;
    auth::Access access_ = auth::Access::nobody();
    std::string only_policy_;  // the request's; empty = each series has its own
    std::map<std::string, Policy> policies_;
    std::shared_ptr<exec::Snapshot> snapshot_;
};

// not_found "Database x doesn't exist".
Result<Database> find_database(const Session &session);

}  // namespace varve::query::influxql08
