#include "common/batch/batcher_options.hpp"

#include <array>
#include <limits>
#include <utility>

namespace varve {
namespace {

// The unit at the start of the text, longest first; its length in ns, 0 if there is none.
int64_t take_unit(std::string_view &text) {
    static constexpr std::array<std::pair<std::string_view, int64_t>, 10> kUnits = {{
        {"ns", 1},
        {"us", 1'000},
        {"\xc2\xb5s", 1'000},
        {"\xc2\xb5", 1'000},
        {"ms", 1'000'000},
        {"u", 1'000},
        {"s", 1'000'000'000},
        {"m", 60'000'000'000},
        {"h", 3'600'000'000'000},
        {"d", 86'400'000'000'000},
    }};
    for (const auto &[name, size_ns] : kUnits) {
        if (!text.starts_with(name)) continue;
        text.remove_prefix(name.size());
        return size_ns;
    }
    return 0;
}

// One or more <digits><unit>; 0 if it is no such text, or out of range.
int64_t parse_duration(std::string_view text) {
    int64_t sum = 0;
    while (!text.empty()) {
        int64_t value = 0;
        size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
            if (__builtin_mul_overflow(value, 10, &value) ||
                __builtin_add_overflow(value, text[digits] - '0', &value)) {
                return 0;
            }
            ++digits;
        }
        if (digits == 0) return 0;
        text.remove_prefix(digits);
        const int64_t unit = take_unit(text);
        if (unit == 0 || __builtin_mul_overflow(value, unit, &value) ||
            __builtin_add_overflow(sum, value, &sum)) {
            return 0;
        }
    }
    return sum;
}

Result<int64_t> read_positive(const Host &host, const char *key) {
    Result<int64_t> value = host.config_integer(key);
    if (value.ok() && *value < 1) {
        return Status(Code::invalid_argument, std::string(key) + " must be above 0");
    }
    return value;
}

}  // namespace

Result<WriteDurability> parse_durability(std::string_view text) {
    constexpr std::string_view kInterval = "interval=";
    if (text.empty()) return WriteDurability{};
    if (text == "always") return WriteDurability{VARVE_DURABILITY_ALWAYS, 0};
    if (text == "os") return WriteDurability{VARVE_DURABILITY_OS, 0};
    if (text.starts_with(kInterval)) {
        const int64_t interval_ns = parse_duration(text.substr(kInterval.size()));
        if (interval_ns > 0) return WriteDurability{VARVE_DURABILITY_INTERVAL, interval_ns};
    }
    return Status(Code::invalid_argument, "durability \"" + std::string(text) +
                                              "\" is none of always, interval=<duration>, os");
}

Result<BatcherOptions> read_batcher_options(const Host &host) {
    BatcherOptions made;
    const auto database = host.config_string("database");
    if (!database.ok()) return database.status();
    if (database->empty()) return Status(Code::invalid_argument, "database must not be empty");
    const auto policy = host.config_string("retention_policy");
    if (!policy.ok()) return policy.status();
    const auto durability_text = host.config_string("durability");
    if (!durability_text.ok()) return durability_text.status();
    const auto durability = parse_durability(*durability_text);
    if (!durability.ok()) return durability.status();
    const auto size = read_positive(host, "batch_size");
    if (!size.ok()) return size.status();
    const auto timeout = read_positive(host, "batch_timeout");
    if (!timeout.ok()) return timeout.status();
    const auto pending = read_positive(host, "batch_pending");
    if (!pending.ok()) return pending.status();
    made.database = *database;
    made.retention_policy = *policy;
    made.durability = *durability;
    made.batch_size = static_cast<uint64_t>(*size);
    made.batch_timeout_ns = *timeout;
    made.batch_pending = static_cast<uint64_t>(*pending);
    return made;
}

}  // namespace varve
