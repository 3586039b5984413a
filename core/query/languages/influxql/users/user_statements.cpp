// Users, passwords and grants.
#include "query/languages/influxql/statements.hpp"
#include "query/languages/influxql/text_table.hpp"

namespace varve::query::influxql {

namespace {

using exec::Type;

Status show_users(Session &session) {
    TextTable table("", {{"user", Type::string}, {"admin", Type::boolean}});
    for (const UserPtr &user : session.accounts.users().users()) {
        table.add_text(user->name);
        table.add_boolean(user->is_admin);
    }
    return table.emit(session.encoder, true);
}

Status show_grants(Session &session, const Statement &s) {
    const UserPtr user = session.accounts.user(s.name);
    if (user == nullptr) return {Code::not_found, "user not found"};
    TextTable table("", {{"database", Type::string}, {"privilege", Type::string}});
    for (const Grant &grant : user->grants) {
        table.add_text(grant.database);
        table.add_text(std::string(privilege_text(grant.privilege)));
    }
    return table.emit(session.encoder, true);
}

// A grant replaces what the user had on the database; GRANT ALL without ON makes an administrator.
Status grant(Session &session, const Statement &s) {
    UserCatalog &users = session.accounts.users();
    if (s.database.empty()) return users.set_admin(s.user, true);
    return users.set_privilege(s.user, s.database, s.privilege);
}

// Takes bits away; what is left stays on the list, also when it is nothing.
Status revoke(Session &session, const Statement &s) {
    UserCatalog &users = session.accounts.users();
    if (s.database.empty()) return users.set_admin(s.user, false);
    const UserPtr user = users.user(s.user);
    if (user == nullptr) return {Code::not_found, "user not found"};
    const auto had = static_cast<uint8_t>(user->granted(s.database));
    const auto revoked = static_cast<uint8_t>(s.privilege);
    return users.set_privilege(s.user, s.database, static_cast<Privilege>(had & ~revoked));
}

}  // namespace

Status execute_users(Session &session, const Statement &statement) {
    switch (statement.kind) {
        case StatementKind::show_users:
            return show_users(session);
        case StatementKind::show_grants:
            return show_grants(session, statement);
        case StatementKind::create_user:
            return session.accounts.create_user(statement.name, statement.text, statement.flag);
        case StatementKind::set_password:
            return session.accounts.set_password(statement.name, statement.text);
        case StatementKind::drop_user:
            return session.accounts.users().drop_user(statement.name);
        case StatementKind::grant:
            return grant(session, statement);
        default:
            return revoke(session, statement);
    }
}

}  // namespace varve::query::influxql
