// A connection with its socket: one coroutine that does what the Connection says. The stream type
// multiplies compile time, so the template is instantiated twice, in plain_session.cpp and
// tls_session.cpp.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.hpp"
#include "kernel/http/net/asio.hpp"
#include "kernel/http/net/connection.hpp"

namespace varve::http {

class SessionBase;

// Who keeps the list of sessions; outlives them.
class SessionList {
  public:
    virtual ~SessionList() = default;
    // The session's descriptor is about to be closed; nobody may touch it afterwards.
    virtual void remove(SessionBase &session) = 0;
};

class SessionBase : public Waker, public std::enable_shared_from_this<SessionBase> {
  public:
    SessionBase(SessionList &list, std::shared_ptr<Service> service, Peer peer, IoExecutor executor,
                int descriptor)
        : list_(list),
          connection_(std::move(service), std::move(peer)),
          executor_(executor),
          descriptor_(descriptor) {}

    Connection &connection() { return connection_; }
    int descriptor() const { return descriptor_; }
    void wake() override;
    bool is_hung_up() const override { return connection_.is_hung_up(); }

    // Calls the handler on an io thread at the next wake(), or now if one has come since the last.
    void arm(std::function<void()> handler);

  protected:
    // The end of the coroutine: lets the exchange go and leaves the list. The socket is closed
    // next.
    void leave();

  private:
    SessionList &list_;
    Connection connection_;
    const IoExecutor executor_;
    const int descriptor_;
    std::mutex mutex_;
    bool woken_ = false;              // guarded by mutex_
    std::function<void()> sleeping_;  // guarded by mutex_
};

// Certificate and key in OpenSSL's hands.
class TlsContext;
Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string &certificate_file,
                                                     const std::string &key_file);

// Both make the session, without starting it; it owns the socket.
std::shared_ptr<SessionBase> make_plain_session(SessionList &list, std::shared_ptr<Service> service,
                                                Peer peer, Socket socket);
std::shared_ptr<SessionBase> make_tls_session(SessionList &list, std::shared_ptr<Service> service,
                                              Peer peer, Socket socket,
                                              std::shared_ptr<TlsContext> context);
// Starts a session made by the function of the same kind.
void start_plain_session(const std::shared_ptr<SessionBase> &session);
void start_tls_session(const std::shared_ptr<SessionBase> &session);

}  // namespace varve::http
