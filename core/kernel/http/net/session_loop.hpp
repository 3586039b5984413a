// The coroutine of a session, for both kinds of stream. Included by plain_session.cpp and
// tls_session.cpp only.
#pragma once

#include "kernel/http/net/asio.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <exception>
#include <type_traits>
#include <utility>

#include "kernel/http/net/session.hpp"

namespace varve::http {

using ErrorCode = boost::system::error_code;

// Puts the coroutine's continuation to sleep in the session. A named type: g++ 12 mistreats lambdas
// with captures inside co_await expressions.
struct SleepUntilWoken {
    SessionBase *session;
    template <typename Continuation>
    void operator()(Continuation &&continuation) const {
        // std::function wants copies; the continuation can only be moved.
        auto shared =
            std::make_shared<std::decay_t<Continuation>>(std::forward<Continuation>(continuation));
        session->arm([shared] { (*shared)(); });
    }
};

inline std::array<net::const_buffer, 4> as_buffers(const std::array<std::string_view, 4> &parts) {
    std::array<net::const_buffer, 4> buffers;
    for (size_t i = 0; i < parts.size(); ++i) {
        buffers[i] = net::const_buffer(parts[i].data(), parts[i].size());
    }
    return buffers;
}

inline bool is_later(const ErrorCode &error) {
    return error == net::error::would_block || error == net::error::try_again;
}

// `StreamSession` has stream(), socket() and connection(), and kTls.
template <typename StreamSession>
Task serve(std::shared_ptr<StreamSession> self) {
    Connection &connection = self->connection();
    ErrorCode error;
    Await token;
    for (;;) {
        error = {};
        const Connection::Action action = connection.next();
        if (action == Connection::Action::close) break;
        if (action == Connection::Action::read) {
            const std::span<char> space = connection.read_space();
            const net::mutable_buffer buffer(space.data(), space.size());
            if constexpr (!StreamSession::kTls) {
                // The rest of a body on this thread as long as it flows, its cache being warm.
                if (connection.is_reading_body()) {
                    const size_t here = self->stream().read_some(buffer, error);
                    if (!is_later(error)) {
                        connection.on_read(error ? 0 : here);
                        continue;
                    }
                    error = {};
                }
            }
            const size_t count =
                co_await self->stream().async_read_some(buffer, net::redirect_error(token, error));
            connection.on_read(error ? 0 : count);
        } else if (action == Connection::Action::write) {
            const auto buffers = as_buffers(connection.output());
            size_t count = 0;
            if constexpr (!StreamSession::kTls) {
                // Most answers fit the socket's buffer: no trip through the reactor.
                count = self->stream().write_some(buffers, error);
                if (!error) {
                    connection.on_written(count);
                    continue;
                }
                if (!is_later(error)) {
                    connection.on_write_failed();
                    continue;
                }
                error = {};
            }
            count = co_await self->stream().async_write_some(buffers,
                                                             net::redirect_error(token, error));
            if (error) {
                connection.on_write_failed();
            } else {
                connection.on_written(count);
            }
        } else if (action == Connection::Action::wait) {
            const SleepUntilWoken sleep{self.get()};
            co_await net::async_initiate<const Await, void()>(sleep, token);
        } else {  // shutdown_write
            if constexpr (StreamSession::kTls) {
                co_await self->stream().async_shutdown(net::redirect_error(token, error));
            }
            self->socket().shutdown(Socket::shutdown_send, error);
            if (StreamSession::kTls || error) connection.on_read(0);
        }
    }
}

}  // namespace varve::http
