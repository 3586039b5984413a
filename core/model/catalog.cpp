#include "model/catalog.hpp"

#include <algorithm>
#include <limits>

namespace varve {

namespace {
// Days from 0001-01-01 to 1970-01-01, in the proleptic Gregorian calendar.
constexpr __int128 kYearOneToEpochNs = static_cast<__int128>(719162) * kDayNs;
}  // namespace

ShardGroup shard_group_range(int64_t time_ns, int64_t shard_duration_ns) {
    const __int128 since_year_one = kYearOneToEpochNs + time_ns;
    const __int128 from = since_year_one - since_year_one % shard_duration_ns - kYearOneToEpochNs;
    const __int128 to = from + shard_duration_ns;
    constexpr __int128 low = std::numeric_limits<int64_t>::min();
    constexpr __int128 high = std::numeric_limits<int64_t>::max();
    return ShardGroup{0, static_cast<int64_t>(from < low ? low : from),
                      static_cast<int64_t>(to > high ? high : to)};
}

bool is_valid_catalog_name(std::string_view name) {
    if (name.empty() || name == "." || name == "..") return false;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || c == '/' || c == '\\') return false;
    }
    return true;
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

Status check_subscription_url(const std::string &url) {
    const Status invalid(Code::invalid_argument, "invalid subscription URL: " + url);
    const size_t scheme_end = url.find("://");
    if (scheme_end == std::string::npos) return invalid;
    const std::string_view scheme = std::string_view(url).substr(0, scheme_end);
    if (!equal_but_for_case(scheme, "udp") && !equal_but_for_case(scheme, "http") &&
        !equal_but_for_case(scheme, "https"))
        return invalid;
    std::string_view host = std::string_view(url).substr(scheme_end + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (const size_t at = host.rfind('@'); at != host.npos) host.remove_prefix(at + 1);
    const size_t colon = host.rfind(':');
    if (colon == host.npos || colon + 1 == host.size()) return invalid;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
    if (!std::all_of(host.begin() + static_cast<ptrdiff_t>(colon) + 1, host.end(), is_digit) ||
        std::any_of(url.begin(), url.end(), is_control)) {
        return invalid;
    }
    return {};
}

std::string without_credentials(const std::string &url) {
    const size_t host = url.find("://");
    if (host == url.npos) return url;
    const size_t end = url.find_first_of("/?#", host + 3);
    const size_t at = url.substr(0, end).rfind('@');
    return at == url.npos ? url : url.substr(0, host + 3) + url.substr(at + 1);
}

std::map<std::string, std::string> destination_tags(const Subscription &subscription,
                                                    const std::string &url) {
    return {{"database", subscription.database},
            {"retention_policy", subscription.retention_policy},
            {"name", subscription.name},
            {"mode", subscription.to_all ? "ALL" : "ANY"},
            {"destination", without_credentials(url)}};
}

Result<uint64_t> next_number_08(const std::vector<ContinuousQuery08> &queries,
                                std::string_view database) {
    uint64_t count = 0;
    uint64_t highest = 0;
    for (const ContinuousQuery08 &query : queries) {
        if (query.database != database) continue;
        ++count;
        highest = std::max(highest, query.number);
    }
    if (count < kContinuousQueries08Max) return highest + 1;
    return Status(Code::resource_exhausted, "a database has no more than " +
                                                std::to_string(kContinuousQueries08Max) +
                                                " continuous queries");
}

namespace {
Status check_retention_policy(const RetentionPolicy &policy) {
    if (!is_valid_catalog_name(policy.name)) return {Code::invalid_argument, "invalid name"};
    if (policy.duration_ns != 0 && policy.duration_ns < kRetentionDurationMinNs) {
        return {Code::invalid_argument, "retention policy duration must be at least 1h0m0s"};
    }
    if (policy.duration_ns != 0 && policy.shard_duration_ns > policy.duration_ns) {
        return {Code::invalid_argument,
                "retention policy duration must be greater than the shard duration"};
    }
    return {};
}
}  // namespace

bool is_other_durability(const Database &database, const RetentionPolicySpec &spec) {
    return !spec.database_durability.empty() && spec.database_durability != database.durability;
}

Result<RetentionPolicy> make_retention_policy(const RetentionPolicySpec &spec) {
    RetentionPolicy policy;
    policy.name = spec.name.value_or("autogen");
    policy.duration_ns = spec.duration_ns.value_or(0);
    policy.shard_duration_ns =
        effective_shard_duration_ns(spec.shard_duration_ns.value_or(0), policy.duration_ns);
    policy.replica_n = spec.replica_n.value_or(1);
    VARVE_RETURN_IF_ERROR(check_retention_policy(policy));
    return policy;
}

Result<RetentionPolicy> changed_retention_policy(RetentionPolicy policy,
                                                 const RetentionPolicyChange &change) {
    if (change.name) policy.name = *change.name;
    if (change.duration_ns) policy.duration_ns = *change.duration_ns;
    if (change.shard_duration_ns) {
        policy.shard_duration_ns =
            effective_shard_duration_ns(*change.shard_duration_ns, policy.duration_ns);
    }
    if (change.replica_n) policy.replica_n = *change.replica_n;
    VARVE_RETURN_IF_ERROR(check_retention_policy(policy));
    return policy;
}

}  // namespace varve
