#include "auth/http_authenticator.hpp"

#include <algorithm>
#include <utility>

#include "auth/jwt.hpp"

namespace varve::auth {

struct HttpAuthenticator::Attempt {
    Credentials credentials;
    std::string database;  // whose users are asked first; empty = only the server's
    std::string peer;
    Done done;
};

namespace {

http::AuthDecision let_in(std::string name) {
    http::AuthDecision decision;
    decision.principal = std::move(name);
    return decision;
}

// "/db/NAME/…" → NAME.
std::string database_in(std::string_view path) {
    constexpr std::string_view kBefore = "/db/";
    if (!path.starts_with(kBefore)) return {};
    path.remove_prefix(kBefore.size());
    return std::string(path.substr(0, path.find('/')));
}

// The verdict in InfluxDB 0.8's words.
http::AuthDecision in_words_of_08(http::AuthDecision decision, bool has_credentials) {
    if (decision.allowed || decision.status != 401) return decision;
    decision.error =
        has_credentials ? "Invalid username/password" : "Invalid database/username/password";
    return decision;
}

}  // namespace

HttpAuthenticator::HttpAuthenticator(Parts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      memory_(parts.env),
      guesses_(options_.failures_max) {}

void HttpAuthenticator::authenticate(http::Request &request, Done done) {
    if (!parts_.accounts.has_admin()) return done(let_in(""));
    const std::string peer(request.peer());
    auto credentials = read_credentials(request);
    std::string database;
    if ((request.route_flags() & http::kInflux08) != 0) {
        database = database_in(request.path());
        const bool is_named = credentials.ok() && (credentials->kind == Credentials::Kind::bearer ||
                                                   !credentials->name.empty());
        done = [done = std::move(done), is_named](http::AuthDecision decision) {
            done(in_words_of_08(std::move(decision), is_named));
        };
    }
    if (!credentials.ok()) {
        const std::string_view header = request.header("authorization").value_or("");
        if ((request.route_flags() & http::kInflux08) != 0 && !header.empty()) {
            return done(refuse(400, std::string(fault_of_header(header)), "credentials", peer, ""));
        }
        return done(refuse(401, credentials.status().text(), "credentials", peer, ""));
    }
    if (credentials->kind == Credentials::Kind::bearer) {
        return check_bearer(*credentials, peer, done);
    }
    if (credentials->name.empty()) {
        return done(refuse(401, "username required", "credentials", peer, ""));
    }
    check_password(std::move(*credentials), std::move(database), peer, done);
}

bool HttpAuthenticator::let_in_remembered(const std::vector<UserPtr> &candidates,
                                          const std::string &password, const Done &done) {
    for (const UserPtr &user : candidates) {
        if (!memory_.knows(*user, password)) continue;
        done(let_in(user->name));
        return true;
    }
    return false;
}

void HttpAuthenticator::check_password(Credentials credentials, std::string database,
                                       std::string peer, const Done &done) {
    const std::string name = credentials.name;
    if (let_in_remembered(parts_.accounts.candidates(database, name), credentials.password, done)) {
        return;
    }
    if (!guesses_.allows(peer, name, parts_.env.monotonic_ns())) {
        return done(too_many_guesses(peer, name));
    }
    const auto attempt = std::make_shared<const Attempt>(
        Attempt{std::move(credentials), std::move(database), std::move(peer), done});
    if (!parts_.blocking.post([this, attempt] { examine(*attempt); }).ok()) {
        done(refuse(503, "too many authentications at a time", "queue_full", attempt->peer, name));
    }
}

http::AuthDecision HttpAuthenticator::too_many_guesses(std::string_view peer,
                                                       std::string_view name) {
    return refuse(429, "too many failed authentications, try again in a minute", "guess_limit",
                  peer, name);
}

void HttpAuthenticator::examine(const Attempt &attempt) {
    const std::string &name = attempt.credentials.name;
    const std::string &password = attempt.credentials.password;
    // Looked up again: it may have waited, and a neighbour may have paid for the same password.
    std::vector<UserPtr> candidates = parts_.accounts.candidates(attempt.database, name);
    if (let_in_remembered(candidates, password, attempt.done)) return;
    // Asked again as well: guesses that were queued together count together.
    if (!guesses_.allows(attempt.peer, name, parts_.env.monotonic_ns())) {
        return attempt.done(too_many_guesses(attempt.peer, name));
    }
    if (candidates.empty()) candidates.push_back(nullptr);  // takes as long as a real one
    const auto user = std::find_if(
        candidates.begin(), candidates.end(),
        [&](const UserPtr &candidate) { return parts_.accounts.matches(candidate, password); });
    if (user == candidates.end()) {
        guesses_.failed(attempt.peer, name, parts_.env.monotonic_ns());
        return attempt.done(refuse(401, "authorization failed", "password", attempt.peer, name));
    }
    memory_.remember(**user, password);
    guesses_.succeeded(attempt.peer, name);
    attempt.done(let_in((*user)->name));
}

void HttpAuthenticator::check_bearer(const Credentials &credentials, const std::string &peer,
                                     const Done &done) {
    if (options_.shared_secret.empty()) {
        return done(refuse(401, "bearer auth disabled", "token", peer, ""));
    }
    const auto name = verify_jwt(credentials.token, options_.shared_secret, parts_.env.now_ns());
    if (!name.ok()) return done(refuse(401, name.status().text(), "token", peer, ""));
    if (parts_.accounts.user(*name) == nullptr) {
        return done(refuse(401, "user not found", "token", peer, ""));
    }
    done(let_in(*name));
}

// At most one line a second: a client that keeps trying must not fill the disk.
void HttpAuthenticator::log_refusal(const char *reason, std::string_view peer,
                                    std::string_view name) {
    const int64_t now_ns = parts_.env.monotonic_ns();
    uint64_t unlogged = 0;
    {
        const std::scoped_lock lock(mutex_);
        if (logged_at_ns_ != 0 && now_ns - logged_at_ns_ < 1'000'000'000) {
            ++unlogged_;
            return;
        }
        logged_at_ns_ = now_ns;
        unlogged = std::exchange(unlogged_, 0);
    }
    // An unknown name is not written down: it may be a password in the wrong field.
    const bool is_known = parts_.accounts.user(name) != nullptr;
    parts_.log.warning("authentication failed", {{"reason", reason},
                                                 {"user", is_known ? name : "unknown"},
                                                 {"peer", peer},
                                                 {"suppressed", std::to_string(unlogged)}});
}

http::AuthDecision HttpAuthenticator::refuse(unsigned status, std::string text, const char *reason,
                                             std::string_view peer, std::string_view name) {
    parts_.metrics
        .counter("varve_auth_failures_total", "Requests refused for their credentials.",
                 {{"reason", reason}})
        .add();
    log_refusal(reason, peer, name);
    http::AuthDecision decision;
    decision.allowed = false;
    decision.status = status;
    decision.error = std::move(text);
    return decision;
}

}  // namespace varve::auth
