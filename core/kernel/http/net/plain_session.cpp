// One of the four files that include Boost: sessions over TCP and unix sockets.
#include "base/assert.hpp"
#include "kernel/http/net/session_loop.hpp"

namespace varve::http {
namespace {

class PlainSession final : public SessionBase {
  public:
    static constexpr bool kTls = false;

    PlainSession(SessionList &list, std::shared_ptr<Service> service, Peer peer, Socket socket)
        : SessionBase(list, std::move(service), std::move(peer), socket.get_executor(),
                      socket.native_handle()),
          socket_(std::move(socket)) {
        ErrorCode ignored;
        socket_.non_blocking(true, ignored);
    }

    Socket &stream() { return socket_; }
    Socket &socket() { return socket_; }
    void close() {
        leave();
        ErrorCode ignored;
        socket_.close(ignored);
    }

  private:
    Socket socket_;
};

Task run(std::shared_ptr<PlainSession> self) {
    try {
        co_await serve(self);
    } catch (const std::exception &) {
        // Out of memory: the connection closes, others go on.
    }
    self->close();
}

}  // namespace

void SessionBase::leave() {
    connection_.give_up();
    const Connection::Action action = connection_.next();
    VARVE_ASSERT(action == Connection::Action::close);
    list_.remove(*this);
}

void SessionBase::wake() {
    std::function<void()> handler;
    {
        const std::lock_guard lock(mutex_);
        if (!sleeping_) {
            woken_ = true;
            return;
        }
        handler = std::move(sleeping_);
        sleeping_ = nullptr;
    }
    net::post(executor_, std::move(handler));
}

void SessionBase::arm(std::function<void()> handler) {
    {
        const std::lock_guard lock(mutex_);
        if (!woken_) {
            sleeping_ = std::move(handler);
            return;
        }
        woken_ = false;
    }
    net::post(executor_, std::move(handler));
}

std::shared_ptr<SessionBase> make_plain_session(SessionList &list, std::shared_ptr<Service> service,
                                                Peer peer, Socket socket) {
    auto session = std::make_shared<PlainSession>(list, std::move(service), std::move(peer),
                                                  std::move(socket));
    session->connection().set_waker(session);
    return session;
}

void start_plain_session(const std::shared_ptr<SessionBase> &session) {
    auto plain = std::static_pointer_cast<PlainSession>(session);
    const IoExecutor executor = plain->socket().get_executor();
    net::co_spawn(executor, run(std::move(plain)), net::detached);
}

}  // namespace varve::http
