// A connection with its socket, doing what the Connection says: plain ones on the Poller's threads
// (plain_session.cpp), TLS as a coroutine of Asio's (tls_session.cpp).
#pragma once

#include <memory>
#include <string>

#include "base/status.hpp"
#include "kernel/http/net/asio.hpp"
#include "kernel/http/net/connection.hpp"
#include "kernel/http/net/poller.hpp"

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
    SessionBase(SessionList &list, std::shared_ptr<Service> service, Peer peer, int descriptor)
        : list_(list), connection_(std::move(service), std::move(peer)), descriptor_(descriptor) {}

    Connection &connection() { return connection_; }
    int descriptor() const { return descriptor_; }
    bool is_hung_up() const override { return connection_.is_hung_up(); }
    // Ends it while no io thread runs any more.
    virtual void abandon() {}

  protected:
    // Lets the exchange go and leaves the list. The socket is closed next.
    void leave();

  private:
    SessionList &list_;
    Connection connection_;
    const int descriptor_;
};

// Certificate and key in OpenSSL's hands.
class TlsContext;
Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string &certificate_file,
                                                     const std::string &key_file);

// Both make the session, without starting it; it owns the socket. The poller outlives the session.
std::shared_ptr<SessionBase> make_plain_session(SessionList &list, std::shared_ptr<Service> service,
                                                Peer peer, int descriptor, const Poller &poller);
std::shared_ptr<SessionBase> make_tls_session(SessionList &list, std::shared_ptr<Service> service,
                                              Peer peer, Socket socket,
                                              std::shared_ptr<TlsContext> context);
// Starts a session made by the function of the same kind.
void start_plain_session(const std::shared_ptr<SessionBase> &session);
void start_tls_session(const std::shared_ptr<SessionBase> &session);

}  // namespace varve::http
