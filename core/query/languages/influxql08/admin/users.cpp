// Users of a database, and those of the server that may do everything.
#include "query/languages/influxql08/admin/admin.hpp"
#include "query/languages/influxql08/schema.hpp"

namespace varve::query::influxql08 {

namespace {

using Kind = JsonValue::Kind;

constexpr size_t kPasswordMin = 4;
constexpr size_t kPasswordMax = 56;

Status invalid(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

Status check_password(const JsonValue &password) {
    if (!password.is(Kind::text)) return invalid("password must be string");
    if (password.text.size() >= kPasswordMin && password.text.size() <= kPasswordMax) return {};
    return invalid("Password must be more than 4 and less than 56 characters");
}

Status check_name(const std::string &name) {
    if (name.empty()) return invalid("Username cannot be empty");
    if (name.find('%') != std::string::npos) return invalid(name + " isn't a valid username");
    return {};
}

Status no_user(const std::string &name) {
    return {Code::not_found, "User " + name + " doesn't exist"};
}

Status exists(const std::string &name) {
    return invalid("User " + name + " already exists");
}

// Both patterns or none.
Status read_permissions(const JsonValue &body, DatabaseUser &user, const char *if_one) {
    const JsonValue &reads = body.at("readFrom");
    const JsonValue &writes = body.at("writeTo");
    if (!reads.is_given() && !writes.is_given()) return {};
    if (!reads.is(Kind::text) || !writes.is(Kind::text)) return invalid(if_one);
    const Result<NamePattern> read_from = NamePattern::parse(reads.text);
    if (!read_from.ok()) return read_from.status();
    const Result<NamePattern> write_to = NamePattern::parse(writes.text);
    if (!write_to.ok()) return write_to.status();
    user.read_from = *read_from;
    user.write_to = *write_to;
    return {};
}

Result<DatabaseUserPtr> find_user(const AdminCall &call, Status (*missing)(const std::string &)) {
    const Result<Database> database = find_database(call.session);
    if (!database.ok()) return database.status();
    DatabaseUserPtr user = call.accounts().users().database_user(call.database(), call.name);
    if (user == nullptr) return missing(call.name);
    return user;
}

Status invalid_name(const std::string &name) {
    return {Code::not_found, "Invalid username " + name};
}

void write_user(const DatabaseUser &user, encode::JsonWriter &out) {
    out.begin_object();
    out.key("name");
    out.text(user.name);
    out.key("isAdmin");
    out.boolean(user.is_admin);
    out.key("writeTo");
    out.text(user.write_to.text());
    out.key("readFrom");
    out.text(user.read_from.text());
    out.end_object();
}

Result<UserPtr> find_cluster_admin(const AdminCall &call) {
    UserPtr user = call.accounts().user(call.name);
    if (user == nullptr || !user->is_admin) return no_user(call.name);
    return user;
}

}  // namespace

Status authenticate(AdminCall &) {
    return {};
}

Status list_database_users(AdminCall &call) {
    const Result<Database> database = find_database(call.session);
    if (!database.ok()) return database.status();
    call.out.begin_array();
    for (const DatabaseUserPtr &user : call.accounts().users().database_users(database->name)) {
        write_user(*user, call.out);
    }
    call.out.end_array();
    return {};
}

Status show_database_user(AdminCall &call) {
    const auto user = find_user(call, invalid_name);
    if (!user.ok()) return user.status();
    write_user(**user, call.out);
    return {};
}

Status create_database_user(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    DatabaseUser user;
    user.database = call.database();
    user.name = body->at("name").text;
    user.is_admin = body->at("isAdmin").flag;
    VARVE_RETURN_IF_ERROR(check_name(user.name));
    VARVE_RETURN_IF_ERROR(check_password(body->at("password")));
    VARVE_RETURN_IF_ERROR(
        read_permissions(*body, user, "You have to provide read and write permissions"));
    const Result<Database> database = find_database(call.session);
    if (!database.ok()) return database.status();
    if (call.accounts().users().database_user(user.database, user.name) != nullptr) {
        return exists(user.name);
    }
    return call.accounts().put_database_user(std::move(user), body->at("password").text);
}

Status alter_database_user(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    const auto found = find_user(call, invalid_name);
    if (!found.ok()) return found.status();
    DatabaseUser user = **found;
    const JsonValue &admin = body->at("admin");
    const bool changes_rights =
        admin.is_given() || body->at("readFrom").is_given() || body->at("writeTo").is_given();
    if (changes_rights && !call.access().is_admin_of(call.database())) {
        return {Code::permission_denied, "Insufficient permissions to alter database user"};
    }
    if (admin.is_given() && !admin.is(Kind::boolean)) return invalid("admin must be boolean");
    if (admin.is_given()) user.is_admin = admin.flag;
    VARVE_RETURN_IF_ERROR(read_permissions(
        *body, user, "Changing permissions requires passing readFrom and writeTo"));
    std::optional<std::string> password;
    if (body->at("password").is_given()) {
        VARVE_RETURN_IF_ERROR(check_password(body->at("password")));
        password = body->at("password").text;
    }
    return call.accounts().put_database_user(std::move(user), password);
}

Status drop_database_user(AdminCall &call) {
    const auto user = find_user(call, no_user);
    if (!user.ok()) return user.status();
    return call.accounts().users().drop_database_user(call.database(), call.name);
}

Status list_cluster_admins(AdminCall &call) {
    call.out.begin_array();
    for (const UserPtr &user : call.accounts().users().users()) {
        if (!user->is_admin) continue;
        call.out.begin_object();
        call.out.key("name");
        call.out.text(user->name);
        call.out.end_object();
    }
    call.out.end_array();
    return {};
}

Status create_cluster_admin(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    const std::string &name = body->at("name").text;
    VARVE_RETURN_IF_ERROR(check_name(name));
    VARVE_RETURN_IF_ERROR(check_password(body->at("password")));
    if (call.accounts().user(name) != nullptr) return exists(name);
    return call.accounts().create_user(name, body->at("password").text, true);
}

Status alter_cluster_admin(AdminCall &call) {
    const Result<JsonValue> body = read_body(call);
    if (!body.ok()) return body.status();
    VARVE_RETURN_IF_ERROR(check_password(body->at("password")));
    const Result<UserPtr> user = find_cluster_admin(call);
    if (!user.ok()) return user.status();
    return call.accounts().set_password(call.name, body->at("password").text);
}

Status drop_cluster_admin(AdminCall &call) {
    const Result<UserPtr> user = find_cluster_admin(call);
    if (!user.ok()) return user.status();
    return call.accounts().users().drop_user(call.name);
}

}  // namespace varve::query::influxql08
