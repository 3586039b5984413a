#include "auth/guess_limit.hpp"

#include <algorithm>

namespace varve::auth {

std::string GuessLimit::key(std::string_view address, std::string_view name) {
    // The port changes with every connection.
    const size_t colon = address.rfind(':');
    std::string out(address.substr(0, colon));
    out += '\n';
    // Longer names are no users'; they share an entry rather than fill memory.
    constexpr size_t kNameMax = 256;
    return out.append(name.substr(0, kNameMax));
}

bool GuessLimit::allows(std::string_view address, std::string_view name, int64_t now_ns) {
    if (failures_max_ == 0) return true;
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(key(address, name));
    return found == entries_.end() || now_ns - found->second.since_ns >= kWindowNs ||
           found->second.failures < failures_max_;
}

void GuessLimit::failed(std::string_view address, std::string_view name, int64_t now_ns) {
    if (failures_max_ == 0) return;
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= kEntriesMax) make_room(now_ns);
    Entry &entry = entries_[key(address, name)];
    if (now_ns - entry.since_ns >= kWindowNs) entry = {now_ns, 0};
    ++entry.failures;
}

void GuessLimit::succeeded(std::string_view address, std::string_view name) {
    if (failures_max_ == 0) return;
    const std::scoped_lock lock(mutex_);
    entries_.erase(key(address, name));
}

// Drops what is over, else the one with the fewest failures: a guesser with many names can only
// push out entries that say little.
void GuessLimit::make_room(int64_t now_ns) {
    std::erase_if(entries_,
                  [&](const auto &entry) { return now_ns - entry.second.since_ns >= kWindowNs; });
    if (entries_.size() < kEntriesMax) return;
    entries_.erase(std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto &a, const auto &b) { return a.second.failures < b.second.failures; }));
}

}  // namespace varve::auth
