// One of the four files that include Boost: sessions over TLS, and their certificates.
#include "kernel/http/net/session_loop.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstring>

namespace varve::http {

class TlsContext {
  public:
    TlsContext() : context(net::ssl::context::tls_server) {}
    net::ssl::context context;
};

namespace {

class TlsSession final : public SessionBase {
  public:
    static constexpr bool kTls = true;

    TlsSession(SessionList &list, std::shared_ptr<Service> service, Peer peer, Socket socket,
               std::shared_ptr<TlsContext> context)
        : SessionBase(list, std::move(service), std::move(peer), socket.get_executor(),
                      socket.native_handle()),
          context_(std::move(context)),
          stream_(std::move(socket), context_->context) {}

    net::ssl::stream<Socket> &stream() { return stream_; }
    Socket &socket() { return stream_.next_layer(); }
    void close() {
        leave();
        ErrorCode ignored;
        socket().close(ignored);
    }

  private:
    const std::shared_ptr<TlsContext> context_;  // before the stream that uses it
    net::ssl::stream<Socket> stream_;
};

Task run(std::shared_ptr<TlsSession> self) {
    try {
        ErrorCode error;
        const Await token;
        self->connection().begin_handshake();
        co_await self->stream().async_handshake(net::ssl::stream_base::server,
                                                net::redirect_error(token, error));
        self->connection().end_handshake(!error);
        co_await serve(self);
    } catch (const std::exception &) {
        // Out of memory: the connection closes, others go on.
    }
    self->close();
}

// HTTP/1.1 is all there is; clients that offer h2 too must be told.
int select_protocol(SSL *, const unsigned char **out, unsigned char *out_size,
                    const unsigned char *in, unsigned in_size, void *) {
    static const unsigned char kOurs[] = "\x08http/1.1";
    unsigned char *chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> make_tls_context(const std::string &certificate_file,
                                                     const std::string &key_file) {
    auto made = std::make_shared<TlsContext>();
    SSL_CTX *handle = made->context.native_handle();
    ErrorCode error;
    SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
    SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);  // idle connections hold little
    SSL_CTX_set_alpn_select_cb(handle, &select_protocol, nullptr);
    made->context.use_certificate_chain_file(certificate_file, error);
    if (error) {
        return Status(Code::invalid_argument,
                      "http TLS certificate " + certificate_file + ": " + error.message());
    }
    const std::string &key = key_file.empty() ? certificate_file : key_file;
    made->context.use_private_key_file(key, net::ssl::context::pem, error);
    if (error) {
        return Status(Code::invalid_argument, "http TLS key " + key + ": " + error.message());
    }
    if (SSL_CTX_check_private_key(handle) != 1) {
        return Status(Code::invalid_argument,
                      "http TLS key " + key + " does not belong to " + certificate_file);
    }
    return made;
}

std::shared_ptr<SessionBase> make_tls_session(SessionList &list, std::shared_ptr<Service> service,
                                              Peer peer, Socket socket,
                                              std::shared_ptr<TlsContext> context) {
    auto session = std::make_shared<TlsSession>(list, std::move(service), std::move(peer),
                                                std::move(socket), std::move(context));
    session->connection().set_waker(session);
    return session;
}

void start_tls_session(const std::shared_ptr<SessionBase> &session) {
    auto tls = std::static_pointer_cast<TlsSession>(session);
    const IoExecutor executor = tls->socket().get_executor();
    net::co_spawn(executor, run(std::move(tls)), net::detached);
}

}  // namespace varve::http
