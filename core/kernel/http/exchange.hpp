// One request and its answer: where the handler's thread and the connection's meet.
//
//   writer (one thread at a time)          connection (its io thread)
//   set_status, set_header, send -----> collect() -> bytes; wait for wake() if there are none
//   write -> pending_ ----------------> collect(), written() -> resume
//   is_cancelled <--------------------- Waker::is_hung_up(), detach()
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "kernel/http/codec/compress.hpp"
#include "kernel/http/http.hpp"
#include "kernel/http/response_head.hpp"
#include "kernel/http/service.hpp"

namespace varve::http {

// The connection as an exchange sees it.
class Waker {
  public:
    virtual ~Waker() = default;
    virtual void wake() = 0;  // [any] there is something to collect
    // [any] Likewise, and nothing more will come: whoever runs the handler may do the rest.
    virtual void wake_at_end() { wake(); }
    virtual bool is_hung_up() const = 0;
};

// Bytes for the connection.
struct Outgoing {
    std::string head;
    std::string body;
    bool is_chunk = false;  // body is to be framed as a chunk, if it is not empty
    bool is_last = false;   // the answer is complete
    bool is_cut = false;    // the connection must break
    bool keep_alive = true;
};

class Exchange {
  public:
    Exchange(std::shared_ptr<Service> service, std::shared_ptr<Waker> waker);

    Service &service() { return *service_; }
    Request &request() { return request_; }

    // Before the handler runs.
    void set_protocol(unsigned http_minor, bool keep_alive);
    void set_route(std::shared_ptr<RouteUse> use);
    const Route *route() const { return use_ ? &use_->route() : nullptr; }
    std::shared_ptr<RouteUse> use() const { return use_; }
    // The path of the route, also when the answer has ended; empty if it reached none.
    const std::string &route_path() const { return route_path_; }

    // The writer's side; ResponseWriter's comments say what these do.
    void set_status(unsigned status);
    void set_header(std::string_view name, std::string_view value);
    void add_header(std::string_view name, std::string_view value);
    void send(std::string body);
    ResponseWriter::WriteResult write(std::string_view piece, std::function<void()> resume);
    void end(bool ok);
    void finish(std::string_view piece);
    void abandon();
    bool is_cancelled() const;

    // The connection's side. Takes what there is to write; false if there is nothing yet, and then
    // the waker is woken as soon as there is. `may_keep_alive` is the connection's own wish.
    bool collect(Outgoing &out, bool may_keep_alive);
    // What collect() gave is with the client: a waiting producer may go on.
    void written();
    // The connection is gone; the writer may go on, to nowhere.
    void detach();
    // Valid after a collect() whose output began with the head.
    unsigned status() const { return status_; }
    std::string_view header(std::string_view name) const;

  private:
    enum class Phase : uint8_t { open, whole, streaming, ended, cut };

    // A waiting producer's call, with its hold on the route.
    struct Resume {
        std::function<void()> call;
        std::shared_ptr<RouteUse> use;
    };

    void complete_headers(std::string_view body, size_t size, bool streaming);
    bool wants_gzip() const;
    void take_asked_form(std::string &body);
    bool has_no_body() const;
    // Takes the headers, with the first piece. False: nobody listens any more.
    bool begin_stream(std::string_view piece);
    // The piece as it goes out.
    std::string_view coded(std::string_view piece, std::string &buffer);
    void publish(Phase phase, std::string body);
    void wake_if_waiting(std::unique_lock<std::mutex> lock, void (Waker::*wake)());
    void append_out_head(Outgoing &out, bool may_keep_alive);

    const std::shared_ptr<Service> service_;
    Request request_;
    unsigned http_minor_ = 1;
    bool request_keeps_alive_ = true;
    bool is_head_ = false;
    uint32_t flags_ = 0;
    std::string route_path_;

    // The writer's alone until published.
    unsigned status_ = 200;
    std::vector<Header> headers_;
    std::unique_ptr<GzipStream> gzip_;

    mutable std::mutex mutex_;
    std::shared_ptr<Waker> waker_;   // guarded by mutex_; null once detached
    std::shared_ptr<RouteUse> use_;  // set before the handler runs, dropped when the answer ends
    Phase phase_ = Phase::open;      // guarded by mutex_
    bool begun_ = false;             // guarded by mutex_: a stream's first piece was written
    bool head_sent_ = false;         // the connection's
    bool keep_alive_ = true;         // the connection's, decided with the head
    bool waiting_ = false;           // guarded by mutex_: the connection waits for wake()
    std::string pending_;            // guarded by mutex_
    Resume resume_;                  // guarded by mutex_
};

}  // namespace varve::http
