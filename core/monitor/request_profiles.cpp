#include "monitor/request_profiles.hpp"

#include <algorithm>

namespace varve::monitor {
namespace {

enum class Kind { other, write, query };

Kind kind_of(std::string_view target) {
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/write" || path == "/api/v2/write" || path == "/api/v1/prom/write") {
        return Kind::write;
    }
    const bool asks = path == "/query" || path == "/api/v2/query" || path == "/api/v1/prom/read";
    return asks ? Kind::query : Kind::other;
}

// "10.0.0.1:1234" → "10.0.0.1", "[::1]:1" → "::1"; "unix" stays.
std::string_view address_of(std::string_view peer) {
    const size_t colon = peer.rfind(':');
    if (colon == std::string_view::npos) return peer;
    peer = peer.substr(0, colon);
    if (peer.size() >= 2 && peer.front() == '[' && peer.back() == ']') {
        peer = peer.substr(1, peer.size() - 2);
    }
    return peer;
}

}  // namespace

std::string RequestProfiles::Window::to_json() const {
    std::string text = "{\n";
    bool first = true;
    for (const auto &[sender, counts] : senders_) {
        if (!first) text += ",\n";
        first = false;
        text += '"' + http::json_escaped(sender) +
                "\": {\"writes\":" + std::to_string(counts.writes) +
                ",\"queries\":" + std::to_string(counts.queries) + '}';
    }
    return text + "\n}\n";
}

void RequestProfiles::note(const http::AccessRecord &record) {
    if (!is_open_.load(std::memory_order_relaxed)) return;
    const Kind kind = kind_of(record.target);
    if (kind == Kind::other) return;
    std::string sender(record.principal);
    if (!sender.empty()) sender += ':';
    sender += address_of(record.peer);
    const std::scoped_lock lock(mutex_);
    for (const std::shared_ptr<Window> &window : windows_) {
        auto &senders = window->senders_;
        if (senders.size() >= kSendersMax && !senders.contains(sender)) continue;
        Window::Counts &counts = senders[sender];
        ++(kind == Kind::write ? counts.writes : counts.queries);
    }
}

std::shared_ptr<RequestProfiles::Window> RequestProfiles::open() {
    auto window = std::make_shared<Window>();
    const std::scoped_lock lock(mutex_);
    windows_.push_back(window);
    is_open_ = true;
    return window;
}

void RequestProfiles::close(const std::shared_ptr<Window> &window) {
    const std::scoped_lock lock(mutex_);
    windows_.remove(window);
    is_open_ = !windows_.empty();
}

}  // namespace varve::monitor
