// Which privileges a statement needs, and whether the asker has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/access.hpp"
#include "query/languages/influxql/syntax/ast.hpp"

namespace varve::query::influxql {

struct RequiredPrivilege {
    bool admin = false;
    Privilege privilege = Privilege::none;
    std::string database;  // empty: the request's
};

// What is not known to need less needs an administrator.
std::vector<RequiredPrivilege> required_privileges(const Statement &statement);

// All statements of a request, before the first one runs; `database` is the request's. The access
// to run them with: `asker`, or an open one for a request that begins by making the first
// administrator. permission_denied with InfluxDB's text, passwords in it redacted.
Result<auth::Access> authorise(auth::Access asker, const std::vector<Statement> &statements,
                               std::string_view database);

}  // namespace varve::query::influxql
