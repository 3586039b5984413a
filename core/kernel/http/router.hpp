// Which handler serves which path.
//
// A path is mounted exactly ("/write") or, ending in '/', as a subtree ("/debug/"). The exact one
// wins, then the longest subtree. "/" alone is the subtree of everything.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/status.hpp"
#include "kernel/http/http.hpp"

namespace varve::http {

// Counts the requests under way of one owner, so that unmount_all() can wait for them.
struct RouteOwner {
    std::mutex mutex;
    std::condition_variable idle;
    uint64_t under_way = 0;  // guarded by mutex
};

struct Route {
    std::string path;
    uint32_t methods = 0;  // or-ed, without HEAD
    uint32_t flags = 0;
    Handler handler;
    std::shared_ptr<RouteOwner> owner;

    // OPTIONS is what a page of another origin asks before it posts: InfluxDB's routes that take
    // no POST refuse it.
    bool has_options() const {
        return (flags & kInflux) == 0 || (methods & (kPost | kOptions)) != 0;
    }
    // For the header Allow: "GET, HEAD, OPTIONS, POST".
    std::string allow() const;
};

// A request's hold on a route: while one exists, unmount_all() waits. Copyable through shared_ptr.
class RouteUse {
  public:
    explicit RouteUse(std::shared_ptr<const Route> route);
    ~RouteUse();
    RouteUse(const RouteUse &) = delete;
    RouteUse &operator=(const RouteUse &) = delete;
    const Route &route() const { return *route_; }

  private:
    std::shared_ptr<const Route> route_;
};

// Thread-safe. Outlives every Server that uses it.
class RouteTable {
  public:
    // `owner` names who mounts, for unmount_all(). invalid_argument: no path or no method;
    // already_exists: the path is taken.
    Status mount(const void *owner, uint32_t methods, std::string path, uint32_t flags,
                 Handler handler);
    // Takes the owner's routes away and waits until their requests under way have ended and their
    // handlers returned. Never call it from a handler of that owner.
    void unmount_all(const void *owner);
    // The route of a decoded path, held; null if there is none.
    std::shared_ptr<RouteUse> find(std::string_view path) const;

  private:
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    using Table =
        std::unordered_map<std::string, std::shared_ptr<const Route>, Hash, std::equal_to<>>;

    mutable std::shared_mutex mutex_;
    Table exact_;                                                 // guarded by mutex_
    Table subtrees_;                                              // guarded by mutex_
    std::map<const void *, std::shared_ptr<RouteOwner>> owners_;  // guarded by mutex_
};

}  // namespace varve::http
