#include "common/series_key.hpp"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <varve/batch.h>

namespace varve::series_key {
namespace {

bool special_in_measurement(char c) {
    return c == ',' || c == ' ';
}
bool special_in_tag(char c) {
    return c == ',' || c == '=' || c == ' ';
}

template <typename Special>
void append_escaped(std::string_view name, Special special, std::string &out) {
    size_t start = 0;
    for (size_t i = 0; i < name.size(); ++i) {
        if (!special(name[i])) continue;
        out.append(name, start, i - start);
        out += '\\';
        start = i;
    }
    out.append(name, start, name.size() - start);
}

// The length of the piece that ends before the first unescaped separator.
template <typename Special, typename Ends>
size_t piece_size(std::string_view text, Special special, Ends ends) {
    size_t i = 0;
    while (i < text.size()) {
        if (text[i] == '\\' && i + 1 < text.size() && special(text[i + 1])) {
            i += 2;
        } else if (ends(text[i])) {
            break;
        } else {
            ++i;
        }
    }
    return i;
}

// The piece without its escapes: itself, or a copy at the end of `buffer`, which has the room.
template <typename Special>
std::string_view unescape(std::string_view piece, Special special, std::string &buffer) {
    if (piece.find('\\') == std::string_view::npos) return piece;
    const size_t start = buffer.size();
    for (size_t i = 0; i < piece.size(); ++i) {
        if (piece[i] == '\\' && i + 1 < piece.size() && special(piece[i + 1])) ++i;
        buffer += piece[i];
    }
    return std::string_view(buffer).substr(start);
}

Status invalid(const char *what) {
    return {Code::invalid_argument, what};
}

Status check_name(std::string_view name) {
    if (name.empty()) return invalid("a measurement or tag key is empty");
    if (name.back() == '\\') return invalid("a measurement or tag ends in a backslash");
    return {};
}

}  // namespace

uint64_t hash(std::string_view key, uint64_t seed) {
    return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

uint64_t check(std::string_view key, uint64_t seed) {
    const uint64_t made = hash(key, seed ^ VARVE_KEY_CHECK_SEED);
    return made == 0 ? 1 : made;
}

Hashes hashes(std::string_view key, uint64_t seed) {
    return {hash(key, seed), check(key, seed)};
}

bool is_canonical(std::string_view text) {
    if (text.empty() || text.size() > kSizeMax || text.front() == ',') return false;
    if (std::memchr(text.data(), '\\', text.size()) != nullptr) return false;
    if (std::memchr(text.data(), ' ', text.size()) != nullptr) return false;
    std::string_view previous;
    for (size_t comma = text.find(','); comma != std::string_view::npos;) {
        const size_t start = comma + 1;
        comma = text.find(',', start);
        const std::string_view tag = text.substr(start, comma - start);
        const size_t equals = tag.find('=');
        if (equals == std::string_view::npos || equals == 0 || equals + 1 == tag.size() ||
            tag.find('=', equals + 1) != std::string_view::npos) {
            return false;
        }
        const std::string_view key = tag.substr(0, equals);
        if (!previous.empty() && previous >= key) return false;
        previous = key;
    }
    return true;
}

Status append(std::string_view measurement, std::span<Tag> tags, std::string &out) {
    VARVE_RETURN_IF_ERROR(check_name(measurement));
    const auto by_key = [](const Tag &a, const Tag &b) { return a.key < b.key; };
    if (!std::is_sorted(tags.begin(), tags.end(), by_key)) {
        std::sort(tags.begin(), tags.end(), by_key);
    }
    const size_t before = out.size();
    const auto undo = [&](Status status) {
        out.resize(before);
        return status;
    };
    append_escaped_measurement(measurement, out);
    for (size_t i = 0; i < tags.size(); ++i) {
        if (Status status = check_name(tags[i].key); !status.ok()) return undo(status);
        if (i > 0 && tags[i].key == tags[i - 1].key) return undo(invalid("duplicate tags"));
        if (tags[i].value.empty()) continue;
        if (Status status = check_name(tags[i].value); !status.ok()) return undo(status);
        out += ',';
        append_escaped_tag(tags[i].key, out);
        out += '=';
        append_escaped_tag(tags[i].value, out);
    }
    if (out.size() - before > kSizeMax) {
        const size_t size = out.size() - before;
        return undo({Code::too_large, "max key length exceeded: " + std::to_string(size) + " > " +
                                          std::to_string(kSizeMax)});
    }
    return {};
}

std::string_view Parts::tag(std::string_view key) const {
    for (const Tag &tag : tags) {
        if (tag.key == key) return tag.value;
    }
    return {};
}

Status split(std::string_view key, Parts &parts) {
    parts.measurement = {};
    parts.tags.clear();
    parts.unescaped.clear();
    const auto fail = [&](const char *what) {
        parts.measurement = {};
        parts.tags.clear();
        return invalid(what);
    };
    if (std::memchr(key.data(), '\\', key.size()) != nullptr) parts.unescaped.reserve(key.size());
    size_t size = piece_size(key, special_in_measurement, special_in_measurement);
    if (size == 0) return fail("a series key without a measurement");
    parts.measurement = unescape(key.substr(0, size), special_in_measurement, parts.unescaped);
    while (size < key.size()) {
        if (key[size] != ',') return fail("a series key with an unescaped space");
        key.remove_prefix(size + 1);
        const size_t equals = piece_size(key, special_in_tag, special_in_tag);
        if (equals == 0 || equals >= key.size() || key[equals] != '=') {
            return fail("a series key with a tag that has no key or no value");
        }
        const std::string_view value = key.substr(equals + 1);
        const size_t value_size = piece_size(value, special_in_tag, special_in_tag);
        if (value_size == 0 || (value_size < value.size() && value[value_size] != ',')) {
            return fail("a series key with a malformed tag value");
        }
        Tag tag;
        tag.key = unescape(key.substr(0, equals), special_in_tag, parts.unescaped);
        tag.value = unescape(value.substr(0, value_size), special_in_tag, parts.unescaped);
        if (!parts.tags.empty() && parts.tags.back().key >= tag.key) {
            return fail("a series key whose tags are not in order");
        }
        parts.tags.push_back(tag);
        size = equals + 1 + value_size;
    }
    return {};
}

std::string_view measurement(std::string_view key, std::string &unescaped) {
    unescaped.clear();
    const size_t size = piece_size(key, special_in_measurement, special_in_measurement);
    return unescape(key.substr(0, size), special_in_measurement, unescaped);
}

void append_escaped_measurement(std::string_view name, std::string &out) {
    append_escaped(name, special_in_measurement, out);
}

void append_escaped_tag(std::string_view name, std::string &out) {
    append_escaped(name, special_in_tag, out);
}

}  // namespace varve::series_key
