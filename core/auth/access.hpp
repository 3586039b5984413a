// What one request may do, decided by who asks. The one place that answers "may they?"; which
// privilege a statement needs is its language's knowledge.
#pragma once

#include <string_view>

#include "base/status.hpp"
#include "model/users.hpp"

namespace varve::auth {

class Access {
  public:
    enum class Kind {
        open,           // authentication is off: everything
        user,           // what the user was granted
        database_user,  // what a database's own user may do there, by series
        nobody,         // nothing: no credentials were given, or the user is gone
        no_users,       // nothing but making the first administrator
    };

    static Access open() { return Access(Kind::open, nullptr); }
    static Access nobody() { return Access(Kind::nobody, nullptr); }
    static Access no_users() { return Access(Kind::no_users, nullptr); }
    static Access of(UserPtr user) { return Access(Kind::user, std::move(user)); }
    static Access of(DatabaseUserPtr user) {
        Access out(Kind::database_user, nullptr);
        out.database_user_ = std::move(user);
        return out;
    }

    Kind kind() const { return kind_; }
    bool is_admin() const { return kind_ == Kind::open || (user_ != nullptr && user_->is_admin); }
    // A user of the database itself may both, though perhaps only with some series.
    bool may(Privilege wanted, std::string_view database) const {
        return kind_ == Kind::open || is_user_of(database) ||
               (user_ != nullptr && user_->may(wanted, database));
    }
    bool may_read(std::string_view database, std::string_view series) const {
        if (kind_ != Kind::database_user) return may(Privilege::read, database);
        return is_user_of(database) && database_user_->read_from.matches(series);
    }
    bool may_write(std::string_view database, std::string_view series) const {
        if (kind_ != Kind::database_user) return may(Privilege::write, database);
        return is_user_of(database) && database_user_->write_to.matches(series);
    }
    // Of the server or of this database.
    bool is_admin_of(std::string_view database) const {
        return is_admin() || (is_user_of(database) && database_user_->is_admin);
    }
    bool is_user_of(std::string_view database) const {
        return database_user_ != nullptr && database_user_->database == database;
    }
    // Empty without a user.
    std::string_view name() const;
    // Some privilege on it: SHOW DATABASES lists it.
    bool sees(std::string_view database) const {
        return may(Privilege::read, database) || may(Privilege::write, database);
    }

    // All: permission_denied.
    // Without a user: "create admin user first or disable authentication", "no user provided".
    Status need_user() const;
    // `what` was refused: "NAME not authorized to execute WHAT".
    Status denied(std::string_view what) const;
    // `"NAME" user is not authorized to write to database "DB"`.
    Status need_write(std::string_view database) const;
    // For what is no statement: "NAME not authorized, requires admin privilege".
    Status need_admin() const;

  private:
    Access(Kind kind, UserPtr user) : kind_(kind), user_(std::move(user)) {}

    Kind kind_;
    UserPtr user_;
    DatabaseUserPtr database_user_;
};

}  // namespace varve::auth
