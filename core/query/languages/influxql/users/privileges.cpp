// InfluxDB's rules, but for two kinds of statements where they let a reader of one database see or
// change another: cardinalities need READ on the database they count, and a continuous query needs
// what its SELECT would need.
#include "query/languages/influxql/users/privileges.hpp"

namespace varve::query::influxql {

namespace {

using Required = std::vector<RequiredPrivilege>;

void add_select(const SelectStatement &select, const std::string &database, Required &out);

void add_source(const Source &source, const std::string &database, Required &out) {
    if (source.subquery != nullptr) {
        add_select(*source.subquery, database, out);
    } else if (source.join != nullptr) {
        add_source(source.join->left, database, out);
        add_source(source.join->right, database, out);
    } else {
        out.push_back(
            {false, Privilege::read, source.database.empty() ? database : source.database});
    }
}

void add_select(const SelectStatement &select, const std::string &database, Required &out) {
    for (const Source &source : select.sources) add_source(source, database, out);
    if (select.target) {
        const std::string &target = select.target->database;
        out.push_back({false, Privilege::write, target.empty() ? database : target});
    }
}

// A cardinality may name its database in FROM as well; that one is asked for too.
Required read_of_sources(const Statement &s) {
    Required out{{false, Privilege::read, s.database}};
    for (const Source &source : s.sources) {
        if (!source.database.empty()) out.push_back({false, Privilege::read, source.database});
    }
    return out;
}

}  // namespace

std::vector<RequiredPrivilege> required_privileges(const Statement &s) {
    Required out;
    switch (s.kind) {
        case StatementKind::select:
        case StatementKind::explain:
            add_select(*s.select, {}, out);
            return out;
        case StatementKind::create_continuous_query:
            out.push_back({false, Privilege::read, s.database});
            add_select(*s.select, s.database, out);
            return out;
        case StatementKind::delete_points:
        case StatementKind::drop_series:
            return {{false, Privilege::write, {}}};
        case StatementKind::drop_continuous_query:
        case StatementKind::drop_retention_policy:
            return {{false, Privilege::write, s.database}};
        case StatementKind::show_continuous_queries:
        case StatementKind::show_field_keys:
        case StatementKind::show_measurements:
        case StatementKind::show_queries:
        case StatementKind::show_retention_policies:
        case StatementKind::show_series:
        case StatementKind::show_tag_keys:
        case StatementKind::show_tag_values:
            return {{false, Privilege::read, s.database}};
        case StatementKind::show_field_key_cardinality:
        case StatementKind::show_measurement_cardinality:
        case StatementKind::show_series_cardinality:
        case StatementKind::show_tag_key_cardinality:
        case StatementKind::show_tag_values_cardinality:
            return read_of_sources(s);
        case StatementKind::show_databases:
            return {};  // it lists what the asker sees
        default:
            return {{true, Privilege::none, {}}};
    }
}

Result<auth::Access> authorise(auth::Access asker, const std::vector<Statement> &statements,
                               std::string_view database) {
    if (asker.is_admin()) return asker;
    if (asker.kind() == auth::Access::Kind::no_users && !statements.empty()) {
        const Statement &first = statements.front();
        if (first.kind == StatementKind::create_user && first.flag) return auth::Access::open();
    }
    VARVE_RETURN_IF_ERROR(asker.need_user());
    for (const Statement &statement : statements) {
        for (const RequiredPrivilege &required : required_privileges(statement)) {
            const std::string what = "statement '" + to_string(statement) + "', requires ";
            if (required.admin) return asker.denied(what + "admin privilege");
            const std::string_view name =
                required.database.empty() ? database : std::string_view(required.database);
            if (asker.may(required.privilege, name)) continue;
            return asker.denied(what + std::string(privilege_text(required.privilege)) + " on " +
                                std::string(name));
        }
    }
    return asker;
}

}  // namespace varve::query::influxql
