// Requests let in and turned away.
#include "auth/http_authenticator.hpp"

#include <gtest/gtest.h>

#include <future>

#include "core/auth/clock_env.hpp"
#include "support/memory_catalog.hpp"
#include "support/memory_users.hpp"

namespace varve::auth {
namespace {

class HttpAuthenticatorTest : public testing::Test {
  protected:
    HttpAuthenticatorTest() { make({}); }
    ~HttpAuthenticatorTest() override { blocking_.stop(); }

    void make(HttpAuthenticator::Options options) {
        authenticator_ = std::make_unique<HttpAuthenticator>(
            HttpAuthenticator::Parts{accounts_, blocking_, env_, log_, metrics_}, options);
    }
    void make_root() { ASSERT_TRUE(accounts_.create_user("root", "pw", true).ok()); }

    http::AuthDecision ask(const std::string &target, const std::string &peer = "10.0.0.1:1") {
        http::Request request;
        request.set_method("GET");
        EXPECT_TRUE(request.set_target(target));
        request.set_connection(1, peer, false);
        std::promise<http::AuthDecision> promise;
        std::future<http::AuthDecision> decision = promise.get_future();
        was_at_once_ = false;
        authenticator_->authenticate(request, [&](http::AuthDecision made) {
            was_at_once_ = std::this_thread::get_id() == main_;
            promise.set_value(std::move(made));
        });
        return decision.get();
    }
    void expect_refused(const http::AuthDecision &decision, unsigned status,
                        const std::string &text) {
        EXPECT_FALSE(decision.allowed);
        EXPECT_EQ(decision.status, status);
        EXPECT_EQ(decision.error, text);
    }

    test::ClockEnv env_;
    test::MemoryCatalog catalog_;
    test::MemoryUsers users_{catalog_};
    Accounts accounts_{users_, Env::posix(), {true, {8, 1}}};
    SelfMetrics metrics_;
    std::mutex lines_mutex_;
    std::string lines_;
    Log log_{[this](std::string_view line) {
        const std::scoped_lock lock(lines_mutex_);
        lines_ += line;
    }};
    Executor blocking_{"blocking", 1, 100};
    std::unique_ptr<HttpAuthenticator> authenticator_;
    const std::thread::id main_ = std::this_thread::get_id();
    std::atomic<bool> was_at_once_{false};
};

TEST_F(HttpAuthenticatorTest, LetsNobodyInUntilThereIsAnAdministrator) {
    http::AuthDecision decision = ask("/query");
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.principal, "");
    // Credentials do not count either.
    decision = ask("/query?u=root&p=x");
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.principal, "");
    make_root();
    expect_refused(ask("/query"), 401, "unable to parse authentication credentials");
}

TEST_F(HttpAuthenticatorTest, PasswordsAreCheckedOnceAndRemembered) {
    make_root();
    http::AuthDecision decision = ask("/query?u=root&p=pw");
    EXPECT_TRUE(decision.allowed);
    EXPECT_EQ(decision.principal, "root");
    EXPECT_FALSE(was_at_once_);
    EXPECT_TRUE(ask("/query?u=root&p=pw").allowed);
    EXPECT_TRUE(was_at_once_);
    expect_refused(ask("/query?u=root&p=px"), 401, "authorization failed");
    expect_refused(ask("/query?u=eve&p=pw"), 401, "authorization failed");
    env_.time_ns += PasswordMemory::kLifeNs;
    EXPECT_TRUE(ask("/query?u=root&p=pw").allowed);
    EXPECT_FALSE(was_at_once_);
    ASSERT_TRUE(accounts_.set_password("root", "new").ok());
    expect_refused(ask("/query?u=root&p=pw"), 401, "authorization failed");
    EXPECT_TRUE(ask("/query?u=root&p=new").allowed);
}

TEST_F(HttpAuthenticatorTest, ADroppedUserIsOutAtOnce) {
    make_root();
    ASSERT_TRUE(accounts_.create_user("bob", "pw", false).ok());
    EXPECT_TRUE(ask("/query?u=bob&p=pw").allowed);
    ASSERT_TRUE(users_.drop_user("bob").ok());
    expect_refused(ask("/query?u=bob&p=pw"), 401, "authorization failed");
}

TEST_F(HttpAuthenticatorTest, GuessesAreLimited) {
    make_root();
    make({"", 3});
    for (int i = 0; i < 3; ++i) {
        expect_refused(ask("/query?u=root&p=guess"), 401, "authorization failed");
    }
    const char *text = "too many failed authentications, try again in a minute";
    expect_refused(ask("/query?u=root&p=guess"), 429, text);
    expect_refused(ask("/query?u=root&p=pw"), 429, text);
    EXPECT_TRUE(ask("/query?u=root&p=pw", "10.0.0.2:1").allowed);
    // Remembered now, so the guesser does not lock out his neighbour behind the same address.
    EXPECT_TRUE(ask("/query?u=root&p=pw").allowed);
    env_.time_ns += PasswordMemory::kLifeNs;
    EXPECT_TRUE(ask("/query?u=root&p=pw").allowed);
}

TEST_F(HttpAuthenticatorTest, TokensNeedASecret) {
    make_root();
    http::Request request;
    request.set_method("GET");
    ASSERT_TRUE(request.set_target("/query"));
    request.add_header("Authorization", "Bearer x");
    std::vector<std::string> errors;
    const auto keep = [&](const http::AuthDecision &decision) { errors.push_back(decision.error); };
    authenticator_->authenticate(request, keep);
    make({"s3cret", 3});
    authenticator_->authenticate(request, keep);
    EXPECT_EQ(errors, (std::vector<std::string>{"bearer auth disabled",
                                                "token contains an invalid number of segments"}));
}

TEST_F(HttpAuthenticatorTest, RefusalsAreCountedAndLoggedWithoutSecrets) {
    make_root();
    (void)ask("/query?u=root&p=hunter2");
    env_.time_ns += 2'000'000'000;
    (void)ask("/query?u=hunter3&p=hunter2");
    (void)ask("/query");  // within the same second: counted, not written
    const std::string text = metrics_.render();
    EXPECT_NE(text.find("varve_auth_failures_total{reason=\"password\"} 2"), std::string::npos)
        << text;
    EXPECT_NE(text.find("varve_auth_failures_total{reason=\"credentials\"} 1"), std::string::npos);
    const std::scoped_lock lock(lines_mutex_);
    EXPECT_NE(lines_.find("user=root"), std::string::npos) << lines_;
    EXPECT_NE(lines_.find("user=unknown"), std::string::npos) << lines_;
    EXPECT_EQ(lines_.find("hunter"), std::string::npos) << lines_;
    EXPECT_EQ(std::count(lines_.begin(), lines_.end(), '\n'), 2) << lines_;
}

}  // namespace
}  // namespace varve::auth
