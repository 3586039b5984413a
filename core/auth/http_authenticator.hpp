// Who sends this HTTP request, with InfluxDB's status codes and texts. Only asked when
// authentication is on.
//
//   no administrator yet  → nobody, let in: what nobody may do is decided behind
//   u/p, basic, Token     → remembered → in; else argon2 on the blocking pool
//   Bearer                → JWT, at once
//
// A route of InfluxDB 0.8 says it in that one's words, and looks for a name first among the users
// of the database in its path.
//
// Everything refused is counted (varve_auth_failures_total by reason) and logged without secrets.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "auth/accounts.hpp"
#include "auth/credentials.hpp"
#include "auth/guess_limit.hpp"
#include "auth/password_memory.hpp"
#include "kernel/executor.hpp"
#include "kernel/http/hooks.hpp"
#include "kernel/log.hpp"
#include "kernel/self_metrics.hpp"

namespace varve::auth {

// [any thread]
class HttpAuthenticator final : public http::Authenticator {
  public:
    struct Options {
        std::string shared_secret;   // of JWT; empty = they are not taken
        uint64_t failures_max = 30;  // per minute, address and name; 0 = no limit
    };
    struct Parts {  // all live longer, and `blocking` stops before the authenticator goes
        Accounts &accounts;
        Executor &blocking;
        Env &env;
        Log &log;
        SelfMetrics &metrics;
    };

    HttpAuthenticator(Parts parts, Options options);

    void authenticate(http::Request &request,
                      std::function<void(http::AuthDecision)> done) override;

  private:
    using Done = std::function<void(http::AuthDecision)>;
    struct Attempt;  // a password under examination

    void check_password(Credentials credentials, std::string database, std::string peer,
                        const Done &done);
    // Whether one of those whom the name may mean is remembered with this password; then `done`.
    bool let_in_remembered(const std::vector<UserPtr> &candidates, const std::string &password,
                           const Done &done);
    void examine(const Attempt &attempt);  // [blocking]
    void check_bearer(const Credentials &credentials, const std::string &peer, const Done &done);
    http::AuthDecision too_many_guesses(std::string_view peer, std::string_view name);
    http::AuthDecision refuse(unsigned status, std::string text, const char *reason,
                              std::string_view peer, std::string_view name);

    void log_refusal(const char *reason, std::string_view peer, std::string_view name);

    const Parts parts_;
    const Options options_;
    PasswordMemory memory_;
    GuessLimit guesses_;
    std::mutex mutex_;
    int64_t logged_at_ns_ = 0;  // monotonic; guarded by mutex_
    uint64_t unlogged_ = 0;     // since then; guarded by mutex_
};

}  // namespace varve::auth
