// The configuration: every key with its value, its origin and its rules.
//
// Sources, later ones win: defaults < file < conf.d/*.toml (by name) < environment
// VARVE_SECTION__KEY < flags. Values are kept flat, by dotted key: "http.bind_address",
// "inputs.udp.0.database". Core keys are declared in config_keys.cpp; the keys of an instance
// ("inputs.NAME.N", "outputs.NAME.N", "storage.NAME") by the descriptor of its plugin, and checked
// when the plugins are known.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <varve/plugin.h>

#include "base/status.hpp"

namespace varve {

// A value and where it comes from ("default", "etc/varve.toml:12", "environment VARVE_…",
// "--http").
struct Setting {
    std::variant<std::string, int64_t, double, bool, std::vector<std::string>> value;
    std::string origin;
};

// What to read; paths that are empty are not read.
struct ConfigSources {
    std::string file;                      // must exist if named
    std::string conf_dir;                  // may be missing
    std::vector<std::string> environment;  // "NAME=value"; only VARVE_… is looked at
    std::vector<std::pair<std::string, std::string>> flags;  // key → text, from --set and friends
};

class Config {
  public:
    // The keys of the core. Static.
    static std::span<const varve_config_key> core_keys();

    // Reads and checks everything but the instances' keys. invalid_argument with file:line, key and
    // "did you mean" on an unknown key, a wrong type or broken TOML.
    static Result<Config> load(const ConfigSources &sources);

    // Sets a key as a flag would; before apply_descriptor.
    Status set_value(std::string key, const std::string &text) {
        return set_text(std::move(key), text, "set");
    }

    // Checks an instance's keys against its descriptor and fills in the defaults.
    Status apply_descriptor(const std::string &prefix, const varve_descriptor &descriptor);

    // Typed values of declared keys; asking for an undeclared one is a bug.
    const std::string &text(std::string_view key) const;
    int64_t integer(std::string_view key) const;  // integers, durations (ns), sizes (bytes)
    double number(std::string_view key) const;
    bool boolean(std::string_view key) const;
    const std::vector<std::string> &texts(std::string_view key) const;

    // Keys whose values are shown to nobody.
    const std::vector<std::string> &secret_keys() const { return secrets_; }

    // Null if the key has no value.
    const Setting *find(std::string_view key) const;

    // The names and values of [http.headers].
    std::vector<std::pair<std::string, std::string>> headers() const;

    // The numbers of the instances below "inputs" or "outputs": {"udp", {0, 1}}. Inputs that are on
    // by default are there without being named.
    std::map<std::string, std::vector<uint32_t>> instances(std::string_view section) const;

    // Keys whose value differs in `fresh` and that only a restart takes over; for the log.
    std::vector<std::string> changed_keys(const Config &fresh) const;
    // Takes over the values of all reloadable keys.
    void take_reloadable(const Config &fresh);

    // "key = value  # origin" for all keys, sorted; secrets as "***".
    std::string print() const;

  private:
    Status read_file_into(const std::string &path);
    Status set_text(std::string key, const std::string &text, const std::string &origin);
    Status set(std::string key, Setting setting);
    Status check_core_key(const std::string &key, Setting &setting) const;
    void add_default_instances();

    std::map<std::string, Setting, std::less<>> settings_;
    std::map<std::string, uint32_t, std::less<>> types_;  // key → varve_config_type
    std::set<std::string, std::less<>> reloadable_;
    std::vector<std::string> secrets_;
};

// Reads "64KiB", "25MB", "1GiB", "1024". invalid_argument "invalid size".
Result<int64_t> parse_size(std::string_view text);

// The candidate that is most like the text, or an empty view if none is near.
std::string_view nearest(std::string_view text, std::span<const std::string> candidates);

}  // namespace varve
