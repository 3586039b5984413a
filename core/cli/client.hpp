// The HTTP side of the command line: one server, spoken to in InfluxDB 1.x's form.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.hpp"

namespace Poco::Net {
class HTTPClientSession;
}

namespace varve::cli {

// Where the server is and who asks.
struct Target {
    std::string host = "localhost";
    uint16_t port = 8086;
    std::string socket;  // a unix socket instead of host and port
    std::string username;
    std::string password;
    bool ssl = false;
    bool unsafe_ssl = false;
};

struct Answer {
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;
};

using Parameters = std::map<std::string, std::string>;

// One at a time. Errors are unavailable with the address in the text; cancelled after interrupt().
class Client {
  public:
    explicit Client(Target target);
    ~Client();

    const Target &target() const { return target_; }

    // Parameters go into the URL; the body is sent as it is.
    Result<Answer> request(const std::string &method, const std::string &path,
                           const Parameters &parameters, std::string_view body = {});
    // Hands out the body's lines (chunks of a chunked answer) as they come; the status.
    Result<int> stream(const std::string &method, const std::string &path,
                       const Parameters &parameters,
                       const std::function<void(std::string_view line)> &on_line);

    // Breaks off the request under way, if any. [signal handler]
    static void interrupt();

  private:
    Result<Answer> exchange(const std::string &method, const std::string &path,
                            const Parameters &parameters, std::string_view body,
                            const std::function<void(std::string_view)> *on_line);
    std::unique_ptr<Poco::Net::HTTPClientSession> connect();

    Target target_;
};

}  // namespace varve::cli
