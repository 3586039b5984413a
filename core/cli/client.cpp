#include "cli/client.hpp"

#include <sys/socket.h>

#include <atomic>

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPBasicCredentials.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

namespace varve::cli {
namespace {

// The socket of the request under way; -1 = none. Read by the signal handler.
std::atomic<int> active_socket{-1};
std::atomic<bool> interrupted{false};

constexpr int kTimeoutSeconds = 600;

}  // namespace

Client::Client(Target target) : target_(std::move(target)) {}
Client::~Client() = default;

void Client::interrupt() {
    interrupted = true;
    const int fd = active_socket.load();
    if (fd >= 0) ::shutdown(fd, SHUT_RDWR);
}

std::unique_ptr<Poco::Net::HTTPClientSession> Client::connect() {
    using namespace Poco::Net;
    std::unique_ptr<HTTPClientSession> session;
    if (!target_.socket.empty()) {
        StreamSocket socket;
        socket.connect(SocketAddress(SocketAddress::UNIX_LOCAL, target_.socket));
        session = std::make_unique<HTTPClientSession>(socket);
    } else if (target_.ssl) {
        const auto mode = target_.unsafe_ssl ? Context::VERIFY_NONE : Context::VERIFY_STRICT;
        Context::Ptr context = new Context(Context::TLS_CLIENT_USE, "", "", "", mode, 9, true);
        session = std::make_unique<HTTPSClientSession>(target_.host, target_.port, context);
    } else {
        session = std::make_unique<HTTPClientSession>(target_.host, target_.port);
    }
    session->setTimeout(Poco::Timespan(kTimeoutSeconds, 0));
    return session;
}

Result<Answer> Client::exchange(const std::string &method, const std::string &path,
                                const Parameters &parameters, std::string_view body,
                                const std::function<void(std::string_view)> *on_line) {
    std::string where = target_.socket;
    if (where.empty()) where = target_.host + ':' + std::to_string(target_.port);
    interrupted = false;
    try {
        Poco::URI uri(path);
        for (const auto &[name, value] : parameters) uri.addQueryParameter(name, value);
        const auto session = connect();
        Poco::Net::HTTPRequest request(method, uri.getPathAndQuery(),
                                       Poco::Net::HTTPMessage::HTTP_1_1);
        request.setContentLength(static_cast<std::streamsize>(body.size()));
        request.set("User-Agent", "varve-shell");
        if (!target_.username.empty()) {
            Poco::Net::HTTPBasicCredentials(target_.username, target_.password)
                .authenticate(request);
        }
        std::ostream &out = session->sendRequest(request);
        active_socket = session->socket().impl()->sockfd();
        out.write(body.data(), static_cast<std::streamsize>(body.size()));
        Poco::Net::HTTPResponse response;
        std::istream &in = session->receiveResponse(response);
        Answer answer;
        answer.status = response.getStatus();
        for (const auto &[name, value] : response) answer.headers[name] = value;
        if (on_line != nullptr) {
            for (std::string line; std::getline(in, line);) (*on_line)(line);
        } else {
            Poco::StreamCopier::copyToString(in, answer.body);
        }
        active_socket = -1;
        if (interrupted) return Status(Code::cancelled, "interrupted");
        return answer;
    } catch (const Poco::Exception &error) {
        active_socket = -1;
        if (interrupted) return Status(Code::cancelled, "interrupted");
        return Status(Code::unavailable,
                      "cannot reach the server at " + where + ": " + error.displayText());
    }
}

Result<Answer> Client::request(const std::string &method, const std::string &path,
                               const Parameters &parameters, std::string_view body) {
    return exchange(method, path, parameters, body, nullptr);
}

Result<int> Client::stream(const std::string &method, const std::string &path,
                           const Parameters &parameters,
                           const std::function<void(std::string_view line)> &on_line) {
    auto answer = exchange(method, path, parameters, {}, &on_line);
    if (!answer.ok()) return answer.status();
    return answer->status;
}

}  // namespace varve::cli
