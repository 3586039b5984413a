// The protocol of one connection, without its socket: bytes in, actions out. The session
// (session.hpp) only moves bytes and sleeps.
//
//   reading --header--> body (length or chunked) --> running --> writing --keep-alive--> reading
//      |  malformed, too large, too late                            |
//      +---------------------> refusing ----------------------------+--> linger --> closed
//
// Pipelined requests stay in the input buffer and are answered in order. Lingering: after the last
// answer our half of the connection is shut and the rest of the client's bytes is thrown away for a
// moment, because closing over unread bytes would reset the connection under the answer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kernel/http/exchange.hpp"
#include "kernel/http/net/request_parser.hpp"
#include "kernel/http/service.hpp"

namespace varve::http {

struct Peer {
    uint64_t id = 0;
    std::string name;
    bool is_tls = false;
    bool over_limit = false;  // is only told that the server is full
};

// Monotonic nanoseconds.
int64_t steady_now_ns();

// All of it belongs to whoever runs the session, but for what says [any].
class Connection {
  public:
    enum class Action {
        read,            // into read_space(), then on_read()
        write,           // output(), then on_written()
        wait,            // for wake()
        shutdown_write,  // shut our half, then go on
        close,
    };
    // What the sweep asks for.
    enum class Sweep {
        none,
        shut_read,  // time is up: shut the socket's receiving half; the connection answers 408
        shut_both,  // time is up
        probe,      // a handler is at work: see whether the client is still there
    };

    Connection(std::shared_ptr<Service> service, Peer peer);
    ~Connection();

    void set_waker(std::weak_ptr<Waker> waker) { waker_ = std::move(waker); }
    // Whoever calls next() looks for a job after Action::wait.
    void take_jobs() { takes_jobs_ = true; }
    // What is to be run on this thread, once the connection can be woken; mostly nothing.
    std::function<void()> take_job() { return std::exchange(job_, {}); }
    void begin_handshake();
    void end_handshake(bool ok);

    Action next();
    std::span<char> read_space();
    // Whether the next bytes are a body's, and so probably here already.
    bool is_reading_body() const {
        return state_ == State::body_length || state_ == State::body_chunked;
    }
    void on_read(size_t count);                      // 0: the client ended its half, or an error
    std::array<std::string_view, 4> output() const;  // without what is written already
    void on_written(size_t count);
    void on_write_failed();
    // After Action::wait, when there is something to collect but the socket must be waited for.
    void await_write();

    Sweep sweep(int64_t now_ns);  // [any]
    void set_hung_up();           // [any]
    bool is_hung_up() const;      // [any]
    void give_up();               // [any] the next next() closes, whatever runs
    bool is_idle() const;         // [any]

  private:
    enum class State : uint8_t {
        reading,
        body_length,
        body_chunked,
        running,
        writing,
        shutting,
        linger,
        closed,
    };
    enum class Phase : uint8_t { handshake, idle, header, body, busy, write, linger };

    // Steps of next(): what to do, or nothing = look at the new state.
    std::optional<Action> read_header();
    void on_header();
    std::optional<Action> read_length_body();
    std::optional<Action> read_chunked_body();
    void start_body(uint64_t length);
    void run();
    std::optional<Action> run_step();
    std::optional<Action> write_step();
    void after_output();
    void finish_exchange(bool cut);
    void refuse(Refusal reason, unsigned status, std::string_view text);
    void refuse(const RequestParser::Error &error);
    void on_early_end();
    void enter(Phase phase, int64_t timeout_ms);
    void extend(uint64_t bytes);
    void new_request();

    const std::shared_ptr<Service> service_;
    const Peer peer_;
    std::weak_ptr<Waker> waker_;

    bool takes_jobs_ = false;
    std::function<void()> job_;
    State state_ = State::reading;
    std::unique_ptr<char[]> input_;
    size_t input_begin_ = 0;
    size_t input_end_ = 0;
    size_t input_capacity_ = 0;
    bool ended_ = false;  // the client's half

    std::shared_ptr<Exchange> exchange_;
    std::optional<RequestParser> parser_;
    uint64_t body_left_ = 0;
    uint64_t bytes_in_ = 0;
    uint64_t bytes_out_ = 0;
    int64_t request_started_ns_ = 0;

    Outgoing out_;
    std::string chunk_line_;
    std::string_view chunk_end_;
    size_t out_offset_ = 0;
    bool continuing_ = false;  // the output is "100 Continue"
    bool refusing_ = false;    // the output is an answer without an exchange
    uint64_t lingered_ = 0;
    int64_t deadline_base_ns_ = 0;
    uint64_t deadline_bytes_ = 0;

    std::atomic<int64_t> deadline_ns_{0};
    std::atomic<Phase> phase_{Phase::idle};
    std::atomic<bool> timed_out_{false};
    std::atomic<bool> hung_up_{false};
    std::atomic<bool> given_up_{false};
};

}  // namespace varve::http
