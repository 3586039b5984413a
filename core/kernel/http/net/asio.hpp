// Boost.Asio as this room uses it. Version 1.74's coroutines need <utility> before them, so nobody
// includes Asio but through this file.
#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace varve::http {

namespace net = boost::asio;
using IoExecutor = net::io_context::executor_type;
// TCP and unix sockets alike, so that one session template serves both.
using Socket = net::basic_stream_socket<net::generic::stream_protocol, IoExecutor>;
using Task = net::awaitable<void, IoExecutor>;
using Await = net::use_awaitable_t<IoExecutor>;

}  // namespace varve::http
