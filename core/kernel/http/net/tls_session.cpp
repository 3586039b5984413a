// One of the three files that include Boost: sessions over TLS, one coroutine each, and their
// certificates.
#include "kernel/http/net/asio.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <type_traits>

#include "kernel/http/net/session.hpp"

namespace varve::http {

class TlsContext {
  public:
    TlsContext() : context(net::ssl::context::tls_server) {}
    net::ssl::context context;
};

namespace {

using ErrorCode = boost::system::error_code;

class TlsSession final : public SessionBase {
  public:
    TlsSession(SessionList &list, std::shared_ptr<Service> service, Peer peer, Socket socket,
               std::shared_ptr<TlsContext> context)
        : SessionBase(list, std::move(service), std::move(peer), socket.native_handle()),
          context_(std::move(context)),
          stream_(std::move(socket), context_->context) {}

    net::ssl::stream<Socket> &stream() { return stream_; }
    Socket &socket() { return stream_.next_layer(); }
    void close() {
        leave();
        ErrorCode ignored;
        socket().close(ignored);
    }
    void wake() override;

    // Calls the handler on an io thread at the next wake(), or now if one has come since the last.
    void arm(std::function<void()> handler);

  private:
    const std::shared_ptr<TlsContext> context_;  // before the stream that uses it
    net::ssl::stream<Socket> stream_;
    std::mutex mutex_;
    bool woken_ = false;              // guarded by mutex_
    std::function<void()> sleeping_;  // guarded by mutex_
};

void TlsSession::wake() {
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
    net::post(socket().get_executor(), std::move(handler));
}

void TlsSession::arm(std::function<void()> handler) {
    {
        const std::lock_guard lock(mutex_);
        if (!woken_) {
            sleeping_ = std::move(handler);
            return;
        }
        woken_ = false;
    }
    net::post(socket().get_executor(), std::move(handler));
}

// Puts the coroutine's continuation to sleep in the session. A named type: g++ 12 mistreats lambdas
// with captures inside co_await expressions.
struct SleepUntilWoken {
    TlsSession *session;
    template <typename Continuation>
    void operator()(Continuation &&continuation) const {
        // std::function wants copies; the continuation can only be moved.
        auto shared =
            std::make_shared<std::decay_t<Continuation>>(std::forward<Continuation>(continuation));
        session->arm([shared] { (*shared)(); });
    }
};

std::array<net::const_buffer, 4> as_buffers(const std::array<std::string_view, 4> &parts) {
    std::array<net::const_buffer, 4> buffers;
    for (size_t i = 0; i < parts.size(); ++i) {
        buffers[i] = net::const_buffer(parts[i].data(), parts[i].size());
    }
    return buffers;
}

Task serve(std::shared_ptr<TlsSession> self) {
    Connection &connection = self->connection();
    ErrorCode error;
    const Await token;
    for (;;) {
        error = {};
        const Connection::Action action = connection.next();
        if (action == Connection::Action::close) break;
        if (action == Connection::Action::read) {
            const std::span<char> space = connection.read_space();
            const net::mutable_buffer buffer(space.data(), space.size());
            const size_t count =
                co_await self->stream().async_read_some(buffer, net::redirect_error(token, error));
            connection.on_read(error ? 0 : count);
        } else if (action == Connection::Action::write) {
            const auto buffers = as_buffers(connection.output());
            const size_t count = co_await self->stream().async_write_some(
                buffers, net::redirect_error(token, error));
            if (error) {
                connection.on_write_failed();
            } else {
                connection.on_written(count);
            }
        } else if (action == Connection::Action::wait) {
            const SleepUntilWoken sleep{self.get()};
            co_await net::async_initiate<const Await, void()>(sleep, token);
        } else {  // shutdown_write
            co_await self->stream().async_shutdown(net::redirect_error(token, error));
            self->socket().shutdown(Socket::shutdown_send, error);
            connection.on_read(0);
        }
    }
}

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
