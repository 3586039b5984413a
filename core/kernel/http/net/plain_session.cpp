// Sessions over TCP and unix sockets, straight on the system's calls: per small request one
// epoll_wait, one recv, one sendmsg and the arming for the next.
//
//   armed --event--> owned by an io thread --next() says wait--> parked --wake()--> armed
//     ^-----would block-----|        |--close--> gone
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>

#include "base/assert.hpp"
#include "kernel/http/net/poller.hpp"
#include "kernel/http/net/session.hpp"

namespace varve::http {
namespace {

class PlainSession final : public SessionBase, public Poller::Client {
  public:
    PlainSession(SessionList &list, std::shared_ptr<Service> service, Peer peer, int descriptor,
                 const Poller &poller)
        : SessionBase(list, std::move(service), std::move(peer), descriptor), poller_(poller) {}
    ~PlainSession() override { ::close(descriptor()); }

    // Closes at once if the socket cannot be watched.
    void start(std::shared_ptr<PlainSession> self) {
        self_ = std::move(self);
        if (!poller_.add(descriptor(), *this, Poller::Event::read)) end();
    }
    void on_ready() override;
    void wake() override;
    void wake_at_end() override;
    void abandon() override { end(); }

  private:
    enum class Turn : uint8_t {
        owned,   // by an io thread, or armed
        woken,   // likewise, and wake() has come since it was last parked
        parked,  // until wake()
    };

    bool step();
    bool read();
    bool write();
    bool park();
    bool run_job(const std::function<void()> &job);
    void end();

    const Poller &poller_;
    std::shared_ptr<PlainSession> self_;  // until the end
    bool may_read_ = true;                // there may be bytes to read without waiting
    std::atomic<Turn> turn_{Turn::owned};

    // The session whose job this thread runs, and whether its answer came to its end meanwhile.
    static thread_local PlainSession *job_of_;
    static thread_local bool job_ended_;
};

thread_local PlainSession *PlainSession::job_of_ = nullptr;
thread_local bool PlainSession::job_ended_ = false;

void PlainSession::on_ready() {
    may_read_ = true;
    try {
        while (step()) {
        }
    } catch (const std::exception &) {
        end();  // out of memory: the connection closes, others go on
    }
}

// False once the session is somebody else's, or gone.
bool PlainSession::step() {
    switch (connection().next()) {
        case Connection::Action::read:
            return read();
        case Connection::Action::write:
            return write();
        case Connection::Action::wait:
            if (const auto job = connection().take_job()) return run_job(job);
            return park();
        case Connection::Action::shutdown_write:
            if (::shutdown(descriptor(), SHUT_WR) != 0) connection().on_read(0);
            return true;
        case Connection::Action::close:
            end();
            return false;
    }
    return false;
}

bool PlainSession::read() {
    if (may_read_) {
        const std::span<char> space = connection().read_space();
        const ssize_t count = ::recv(descriptor(), space.data(), space.size(), MSG_DONTWAIT);
        if (count >= 0 || (errno != EAGAIN && errno != EINTR)) {
            connection().on_read(count > 0 ? static_cast<size_t>(count) : 0);
            // A body goes on flowing while it is read. After a short read of anything else the
            // next one would find nothing.
            may_read_ =
                connection().is_reading_body() || count == static_cast<ssize_t>(space.size());
            return true;
        }
        if (errno == EINTR) return true;
    }
    poller_.arm(descriptor(), *this, Poller::Event::read);
    return false;
}

bool PlainSession::write() {
    std::array<iovec, 4> pieces;
    size_t used = 0;
    for (const std::string_view part : connection().output()) {
        if (part.empty()) continue;
        pieces[used++] = {const_cast<char *>(part.data()), part.size()};
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = used;
    const ssize_t count = ::sendmsg(descriptor(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
        connection().on_written(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {
        poller_.arm(descriptor(), *this, Poller::Event::write);
        return false;
    } else if (errno != EINTR) {
        connection().on_write_failed();
    }
    return true;
}

bool PlainSession::park() {
    Turn expected = Turn::owned;
    if (turn_.compare_exchange_strong(expected, Turn::parked)) return false;
    VARVE_ASSERT(expected == Turn::woken);
    turn_ = Turn::owned;
    return true;
}

// The connection is parked while the job runs: another thread may send what the job writes, or end
// the session. What is there at the end goes out on this thread.
bool PlainSession::run_job(const std::function<void()> &job) {
    const std::shared_ptr<PlainSession> self = self_;
    const bool is_parked = !park();  // it is not when the server gives up on the session
    job_of_ = this;
    job_ended_ = false;
    try {
        job();
    } catch (const std::exception &) {  // the writer died with the job and has answered 500
    }
    job_of_ = nullptr;
    if (!is_parked) return true;
    if (!job_ended_) return false;
    Turn expected = Turn::parked;
    if (turn_.compare_exchange_strong(expected, Turn::owned)) return true;
    wake();
    return false;
}

void PlainSession::wake_at_end() {
    if (job_of_ != this) return wake();
    job_ended_ = true;
}

void PlainSession::wake() {
    Turn expected = Turn::parked;
    if (!turn_.compare_exchange_strong(expected, Turn::owned)) {
        // Owned or armed. Had it parked in between, the second exchange fails.
        expected = Turn::owned;
        if (turn_.compare_exchange_strong(expected, Turn::woken) || expected == Turn::woken) return;
        return wake();
    }
    // The session is ours. There is something to write, so it runs when the socket takes it; until
    // then the deadline of a write holds.
    connection().await_write();
    poller_.arm(descriptor(), *this, Poller::Event::write);
}

void PlainSession::end() {
    const std::shared_ptr<PlainSession> self = std::move(self_);
    leave();
}

}  // namespace

void SessionBase::leave() {
    connection_.give_up();
    const Connection::Action action = connection_.next();
    VARVE_ASSERT(action == Connection::Action::close);
    list_.remove(*this);
}

std::shared_ptr<SessionBase> make_plain_session(SessionList &list, std::shared_ptr<Service> service,
                                                Peer peer, int descriptor, const Poller &poller) {
    auto session = std::make_shared<PlainSession>(list, std::move(service), std::move(peer),
                                                  descriptor, poller);
    session->connection().set_waker(session);
    session->connection().take_jobs();
    return session;
}

void start_plain_session(const std::shared_ptr<SessionBase> &session) {
    auto plain = std::static_pointer_cast<PlainSession>(session);
    PlainSession &started = *plain;
    started.start(std::move(plain));
}

}  // namespace varve::http
