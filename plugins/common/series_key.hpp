// The canonical series key, built and read in one place.
//
//   key         = measurement { "," tag-key "=" tag-value }
//   measurement : "," and " " are written with a backslash before them
//   tag         : "," "=" and " " are written with a backslash before them
//
// Tags stand in bytewise order of their unescaped keys, each key once. A tag with an empty value is
// an absent tag and is not written. A backslash that stands before anything else is an ordinary
// byte, so no name may end in one: it would swallow the separator behind it. A series is exactly
// these bytes.
//
//   cpu,dc=eu\ west,host=a     measurement "cpu", dc = "eu west", host = "a"
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <varve/cpp/status.hpp>

namespace varve::series_key {

// The longest key, in bytes; InfluxDB's limit.
inline constexpr uint32_t kSizeMax = 65535;

struct Tag {
    std::string_view key;
    std::string_view value;
};

// XXH3-64 of the key with the seed of the data directory.
uint64_t hash(std::string_view key, uint64_t seed);

// The key's second hash, `check` of varve_series_key; never 0.
uint64_t check(std::string_view key, uint64_t seed);

// What stands for a key without its text: two keys share both by chance once in 2^128 pairs.
struct Hashes {
    uint64_t hash = 0;
    uint64_t check = 0;
};
Hashes hashes(std::string_view key, uint64_t seed);

// Whether `text` is a canonical key already and holds no backslash, so that a codec may use the
// bytes as they arrived. False does not mean wrong: split it and build it anew. Allocates nothing.
bool is_canonical(std::string_view text);

// Appends the canonical key of unescaped names to `out`; sorts `tags` when they are not. Errors
// (then `out` is as before): invalid_argument for an empty measurement or tag key, for "duplicate
// tags" and for a name that ends in a backslash; too_large beyond kSizeMax. Allocates only to grow
// `out`.
Status append(std::string_view measurement, std::span<Tag> tags, std::string &out);

// A key taken apart. The views point into the key where it holds no escape, else into `unescaped`,
// so both must stay where they are.
struct Parts {
    std::string_view measurement;
    std::vector<Tag> tags;
    std::string unescaped;

    // The value of a tag; empty when it is absent.
    std::string_view tag(std::string_view key) const;
};

// Takes a canonical key apart. invalid_argument when it is none; then `parts` is empty.
Status split(std::string_view key, Parts &parts);

// The unescaped measurement of a canonical key; a view into the key or, where it holds an escape,
// into `unescaped`.
std::string_view measurement(std::string_view key, std::string &unescaped);

// Appends the name with the escapes of a measurement or of a tag.
void append_escaped_measurement(std::string_view name, std::string &out);
void append_escaped_tag(std::string_view name, std::string &out);

}  // namespace varve::series_key
