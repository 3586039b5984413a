#include "kernel/http/router.hpp"

#include <utility>

namespace varve::http {

std::string Route::allow() const {
    static constexpr std::pair<uint32_t, const char *> kNames[] = {
        {kDelete, "DELETE"}, {kGet, "GET"},   {kGet, "HEAD"}, {kOptions, "OPTIONS"},
        {kPatch, "PATCH"},   {kPost, "POST"}, {kPut, "PUT"}};
    std::string out;
    for (const auto &[bit, name] : kNames) {
        if (bit == kOptions ? !has_options() : (methods & bit) == 0) continue;
        if (!out.empty()) out += ", ";
        out += name;
    }
    return out;
}

RouteUse::RouteUse(std::shared_ptr<const Route> route) : route_(std::move(route)) {
    const std::lock_guard lock(route_->owner->mutex);
    ++route_->owner->under_way;
}

RouteUse::~RouteUse() {
    const std::shared_ptr<RouteOwner> owner = route_->owner;
    // The handler's captures may die with the route, so it goes before the owner stops waiting.
    route_.reset();
    const std::lock_guard lock(owner->mutex);
    if (--owner->under_way == 0) owner->idle.notify_all();
}

Status RouteTable::mount(const void *owner, uint32_t methods, std::string path, uint32_t flags,
                         Handler handler) {
    constexpr uint32_t kMountable = kGet | kPost | kPut | kDelete | kPatch | kOptions;
    if (path.empty() || path[0] != '/') {
        return {Code::invalid_argument, "a route's path must begin with '/': \"" + path + "\""};
    }
    if (methods == 0 || (methods & ~kMountable) != 0 || !handler) {
        return {Code::invalid_argument, "route " + path + ": no handler or a wrong set of methods"};
    }
    const std::unique_lock lock(mutex_);
    Table &table = path.back() == '/' ? subtrees_ : exact_;
    if (table.contains(path)) {
        return {Code::already_exists, "the path " + path + " is mounted already"};
    }
    auto &entry = owners_[owner];
    if (entry == nullptr) entry = std::make_shared<RouteOwner>();
    auto route = std::make_shared<Route>();
    route->path = path;
    route->methods = methods;
    route->flags = flags;
    route->handler = std::move(handler);
    route->owner = entry;
    table.emplace(std::move(path), std::move(route));
    return {};
}

void RouteTable::unmount_all(const void *owner) {
    std::shared_ptr<RouteOwner> entry;
    {
        const std::unique_lock lock(mutex_);
        const auto found = owners_.find(owner);
        if (found == owners_.end()) return;
        entry = found->second;
        owners_.erase(found);
        const auto of_owner = [&](const auto &item) { return item.second->owner == entry; };
        std::erase_if(exact_, of_owner);
        std::erase_if(subtrees_, of_owner);
    }
    std::unique_lock lock(entry->mutex);
    entry->idle.wait(lock, [&] { return entry->under_way == 0; });
}

std::shared_ptr<RouteUse> RouteTable::find(std::string_view path) const {
    const std::shared_lock lock(mutex_);
    if (const auto found = exact_.find(path); found != exact_.end()) {
        return std::make_shared<RouteUse>(found->second);
    }
    if (subtrees_.empty()) return nullptr;
    for (size_t end = path.rfind('/'); end != std::string_view::npos;
         end = path.rfind('/', end - 1)) {
        const auto found = subtrees_.find(path.substr(0, end + 1));
        if (found != subtrees_.end()) return std::make_shared<RouteUse>(found->second);
        if (end == 0) break;
    }
    return nullptr;
}

}  // namespace varve::http
