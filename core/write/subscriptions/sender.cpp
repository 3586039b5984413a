#include "write/subscriptions/sender.hpp"

#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/DatagramSocket.h>
#include <Poco/Net/HTTPBasicCredentials.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/NullStream.h>
#include <Poco/StreamCopier.h>
#include <Poco/String.h>
#include <Poco/URI.h>

namespace varve {
namespace {

namespace net = Poco::Net;

// Runs what may throw Poco's exceptions.
template <typename Call>
Status caught(Call call) {
    try {
        return call();
    } catch (const Poco::Exception &error) {
        return {Code::unavailable, error.displayText()};
    } catch (const std::exception &error) {
        return {Code::unavailable, error.what()};
    }
}

std::string host_of(const Poco::URI &uri) {
    return uri.getHost().empty() ? "localhost" : uri.getHost();
}

class HttpSender final : public Sender {
  public:
    HttpSender(const Poco::URI &uri, const SenderOptions &options)
        : uri_(uri), session_(make_session(uri, options)) {
        session_->setTimeout(Poco::Timespan(options.timeout_ns / 1000));
        session_->setKeepAlive(true);
    }

    Status send(const LineText &lines, const std::string &database,
                const std::string &retention_policy) override {
        const Status sent = caught([&] { return post(lines.text, database, retention_policy); });
        if (!sent.ok()) session_->reset();  // a connection of its own for the next one
        return sent;
    }

  private:
    static std::unique_ptr<net::HTTPClientSession> make_session(const Poco::URI &uri,
                                                                const SenderOptions &options) {
        if (uri.getScheme() != "https") {
            return std::make_unique<net::HTTPClientSession>(host_of(uri), uri.getPort());
        }
        const net::Context::Ptr context(new net::Context(
            net::Context::TLS_CLIENT_USE, options.ca_file,
            options.verify ? net::Context::VERIFY_RELAXED : net::Context::VERIFY_NONE, 9,
            options.ca_file.empty()));
        return std::make_unique<net::HTTPSClientSession>(host_of(uri), uri.getPort(), context);
    }

    Status post(const std::string &text, const std::string &database,
                const std::string &retention_policy) {
        std::string path = uri_.getPath();
        while (path.ends_with('/')) path.pop_back();
        const auto encoded = [](const std::string &value) {
            std::string out;
            Poco::URI::encode(value, "!#$&'()*+,/:;=?@[]", out);
            return Poco::replace(out, "%20", "+");
        };
        net::HTTPRequest request(net::HTTPRequest::HTTP_POST,
                                 path + "/write?consistency=&db=" + encoded(database) +
                                     "&precision=ns&rp=" + encoded(retention_policy),
                                 net::HTTPRequest::HTTP_1_1);
        if (const std::string &user = uri_.getUserInfo(); !user.empty()) {
            const size_t colon = user.find(':');
            net::HTTPBasicCredentials(user.substr(0, colon),
                                      colon == user.npos ? "" : user.substr(colon + 1))
                .authenticate(request);
        }
        request.set("User-Agent", "Varve");
        request.setContentLength64(static_cast<Poco::Int64>(text.size()));
        session_->sendRequest(request) << text;
        net::HTTPResponse response;
        std::istream &body = session_->receiveResponse(response);
        Poco::NullOutputStream nowhere;
        Poco::StreamCopier::copyStream(body, nowhere);
        const int status = response.getStatus();
        if (status == net::HTTPResponse::HTTP_NO_CONTENT || status == net::HTTPResponse::HTTP_OK) {
            return {};
        }
        return {Code::unavailable, "status " + std::to_string(status)};
    }

    const Poco::URI uri_;
    const std::unique_ptr<net::HTTPClientSession> session_;
};

class UdpSender final : public Sender {
  public:
    explicit UdpSender(const Poco::URI &uri) : uri_(uri) {}

    Status send(const LineText &lines, const std::string &, const std::string &) override {
        return caught([&]() -> Status {
            net::DatagramSocket socket;
            socket.connect(net::SocketAddress(host_of(uri_), uri_.getPort()));
            for (size_t i = 0; i < lines.ends.size(); ++i) {
                const std::string_view line = lines.line(i);
                socket.sendBytes(line.data(), static_cast<int>(line.size()));
            }
            return {};
        });
    }

  private:
    const Poco::URI uri_;
};

}  // namespace

Result<std::unique_ptr<Sender>> Sender::make(const std::string &url, const SenderOptions &options) {
    std::unique_ptr<Sender> made;
    VARVE_RETURN_IF_ERROR(caught([&]() -> Status {
        const Poco::URI uri(url);
        if (uri.getScheme() == "udp") {
            made = std::make_unique<UdpSender>(uri);
        } else {
            made = std::make_unique<HttpSender>(uri, options);
        }
        return {};
    }));
    return made;
}

}  // namespace varve
