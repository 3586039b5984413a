#include "kernel/config.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <sstream>

#include <toml++/toml.h>

#include "base/assert.hpp"
#include "kernel/http/codec/text.hpp"
#include "model/duration.hpp"

namespace varve {
namespace {

// Inputs that run without being named in any file.
const char *const kDefaultInputs[] = {"graphite", "http", "udp"};
// Keys that every instance of an input or output understands.
const varve_config_key kInstanceKeys[] = {
    {"enabled", "true", "false = this instance is not made.", VARVE_CONFIG_BOOLEAN, 0},
};

// The table whose keys are names of headers.
constexpr std::string_view kHeaders = "http.headers.";

bool is_instance_key(std::string_view key) {
    return key.starts_with("inputs.") || key.starts_with("outputs.") ||
           (key.starts_with("storage.") && key.find('.', 8) != std::string_view::npos);
}

const char *type_name(uint32_t type) {
    switch (type) {
        case VARVE_CONFIG_STRING:
            return "a string";
        case VARVE_CONFIG_INTEGER:
            return "an integer";
        case VARVE_CONFIG_FLOAT:
            return "a number";
        case VARVE_CONFIG_BOOLEAN:
            return "true or false";
        case VARVE_CONFIG_DURATION:
            return "a duration like \"10s\"";
        case VARVE_CONFIG_SIZE:
            return "a size like \"64MiB\" or a number of bytes";
        default:
            return "an array of strings";
    }
}

// The value in the type's form, or nothing if it is of another kind.
std::optional<Setting> convert(const Setting &setting, uint32_t type) {
    Setting out = setting;
    const auto *text = std::get_if<std::string>(&setting.value);
    const auto *integer = std::get_if<int64_t>(&setting.value);
    switch (type) {
        case VARVE_CONFIG_STRING:
            if (text != nullptr) return out;
            break;
        case VARVE_CONFIG_INTEGER:
            if (integer != nullptr) return out;
            break;
        case VARVE_CONFIG_FLOAT:
            if (integer != nullptr) out.value = static_cast<double>(*integer);
            if (std::holds_alternative<double>(out.value)) return out;
            break;
        case VARVE_CONFIG_BOOLEAN:
            if (std::holds_alternative<bool>(setting.value)) return out;
            break;
        case VARVE_CONFIG_DURATION:
            if (text != nullptr) {
                auto parsed = parse_influx_duration(*text);
                if (parsed.ok()) return Setting{*parsed, setting.origin};
            }
            break;
        case VARVE_CONFIG_SIZE:
            if (integer != nullptr && *integer >= 0) return out;
            if (text != nullptr) {
                auto parsed = parse_size(*text);
                if (parsed.ok()) return Setting{*parsed, setting.origin};
            }
            break;
        default:
            if (std::holds_alternative<std::vector<std::string>>(setting.value)) return out;
    }
    return std::nullopt;
}

// A leaf of TOML; nothing for kinds that no key has (dates, mixed arrays).
std::optional<Setting> from_toml(const toml::node &node, std::string origin) {
    if (const auto *v = node.as_string()) return Setting{v->get(), std::move(origin)};
    if (const auto *v = node.as_integer()) return Setting{v->get(), std::move(origin)};
    if (const auto *v = node.as_floating_point()) return Setting{v->get(), std::move(origin)};
    if (const auto *v = node.as_boolean()) return Setting{v->get(), std::move(origin)};
    if (const auto *array = node.as_array()) {
        std::vector<std::string> all;
        for (const toml::node &item : *array) {
            const auto *text = item.as_string();
            if (text == nullptr) return std::nullopt;
            all.push_back(text->get());
        }
        return Setting{std::move(all), std::move(origin)};
    }
    return std::nullopt;
}

std::string position(const std::string &path, const toml::node &node) {
    return path + ':' + std::to_string(node.source().begin.line);
}

// Walks tables (and arrays of tables, whose elements get a number) down to leaves.
Status flatten(const toml::table &table, const std::string &prefix, const std::string &path,
               std::vector<std::pair<std::string, Setting>> &out) {
    for (const auto &[name, node] : table) {
        const std::string key = prefix + std::string(name.str());
        if (const auto *inner = node.as_table()) {
            VARVE_RETURN_IF_ERROR(flatten(*inner, key + '.', path, out));
            continue;
        }
        const auto *array = node.as_array();
        if (array != nullptr && !array->empty() && array->get(0)->is_table()) {
            for (size_t i = 0; i < array->size(); ++i) {
                const auto *element = array->get(i)->as_table();
                const std::string indexed = key + '.' + std::to_string(i) + '.';
                // An empty table is an instance all the same.
                out.emplace_back(indexed + "enabled",
                                 Setting{true, position(path, *array->get(i))});
                if (element == nullptr) continue;
                VARVE_RETURN_IF_ERROR(flatten(*element, indexed, path, out));
            }
            continue;
        }
        auto setting = from_toml(node, position(path, node));
        if (!setting) {
            return {Code::invalid_argument,
                    position(path, node) + ": " + key + ": no key has a value of this kind"};
        }
        out.emplace_back(key, std::move(*setting));
    }
    return {};
}

Result<std::vector<std::pair<std::string, Setting>>> read_toml(const std::string &path) {
    std::vector<std::pair<std::string, Setting>> out;
    try {
        const toml::table table = toml::parse_file(path);
        VARVE_RETURN_IF_ERROR(flatten(table, "", path, out));
        return out;
    } catch (const toml::parse_error &error) {
        return Status(Code::invalid_argument, path + ':' +
                                                  std::to_string(error.source().begin.line) + ": " +
                                                  std::string(error.description()));
    }
}

// The default of a key, which is TOML text.
Setting default_setting(const varve_config_key &key) {
    try {
        const toml::table table = toml::parse("v = " + std::string(key.default_value));
        auto setting = from_toml(*table.get("v"), "default");
        VARVE_ASSERT(setting.has_value());
        auto converted = convert(*setting, key.type);
        VARVE_ASSERT(converted.has_value());
        return *converted;
    } catch (const toml::parse_error &) {
        fatal(std::string("BUG: the default of ") + key.name + " is no TOML");
    }
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

Status unknown_key(const std::string &key, const std::string &origin,
                   std::span<const std::string> candidates) {
    std::string text = origin + ": unknown key \"" + key + '"';
    const std::string_view near = nearest(key, candidates);
    if (!near.empty()) text += "; did you mean \"" + std::string(near) + "\"?";
    return {Code::invalid_argument, text};
}

// What a name of a header consists of (RFC 9110, "token").
bool is_token(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                   std::string_view::npos;
    });
}

// A header that every answer is to carry. Those that frame an answer are the server's.
Status check_header(std::string_view name, const Setting &setting) {
    const auto refused = [&](const char *why) {
        return Status(Code::invalid_argument,
                      setting.origin + ": http.headers: \"" + std::string(name) + "\" " + why);
    };
    static constexpr std::string_view kOwn[] = {"connection",        "content-encoding",
                                                "content-length",    "content-type",
                                                "transfer-encoding", "date"};
    if (!is_token(name)) return refused("is no name of a header");
    const bool is_own = std::any_of(std::begin(kOwn), std::end(kOwn), [name](std::string_view own) {
        return http::equals_ignoring_case(name, own);
    });
    if (is_own) return refused("is set by the server");
    const auto *value = std::get_if<std::string>(&setting.value);
    if (value == nullptr) return refused("must be a string");
    const bool is_plain = std::all_of(value->begin(), value->end(), [](unsigned char c) {
        return c == '\t' || (c >= ' ' && c != 0x7f);
    });
    return is_plain ? Status() : refused("has a control character in its value");
}

Status wrong_type(const std::string &key, const std::string &origin, uint32_t type) {
    return {Code::invalid_argument, origin + ": " + key + " must be " + type_name(type)};
}

std::string print_value(const Setting &setting, uint32_t type) {
    const auto quote = [](const std::string &text) {
        std::string out = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        return out + '"';
    };
    if (const auto *text = std::get_if<std::string>(&setting.value)) return quote(*text);
    if (const auto *integer = std::get_if<int64_t>(&setting.value)) {
        return type == VARVE_CONFIG_DURATION ? quote(format_influx_duration(*integer))
                                             : std::to_string(*integer);
    }
    if (const auto *number = std::get_if<double>(&setting.value)) {
        std::ostringstream out;
        out << toml::value<double>(*number);
        return out.str();
    }
    if (const auto *flag = std::get_if<bool>(&setting.value)) return *flag ? "true" : "false";
    std::string list = "[";
    for (const std::string &item : std::get<std::vector<std::string>>(setting.value)) {
        list += (list.size() > 1 ? ", " : "") + quote(item);
    }
    return list + "]";
}

}  // namespace

std::string_view nearest(std::string_view text, std::span<const std::string> candidates) {
    std::string_view best;
    size_t best_distance = std::max<size_t>(3, text.size() / 3) + 1;
    for (const std::string &candidate : candidates) {
        const size_t distance = edit_distance(text, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

Result<int64_t> parse_size(std::string_view text) {
    const Status invalid(Code::invalid_argument, "invalid size \"" + std::string(text) + '"');
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return invalid;
    const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
    static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
        {"", 1},          {"B", 1},
        {"kB", 1000},     {"KB", 1000},
        {"MB", 1000000},  {"GB", 1000000000},
        {"KiB", 1 << 10}, {"MiB", 1 << 20},
        {"GiB", 1 << 30}, {"TiB", int64_t{1} << 40}};
    for (const auto &[name, factor] : kUnits) {
        int64_t bytes = 0;
        if (unit != name) continue;
        if (__builtin_mul_overflow(number, factor, &bytes)) return invalid;
        return bytes;
    }
    return invalid;
}

Result<Config> Config::load(const ConfigSources &sources) {
    Config config;
    for (const varve_config_key &key : core_keys()) {
        config.types_[key.name] = key.type;
        config.settings_[key.name] = default_setting(key);
        if ((key.flags & VARVE_CONFIG_SECRET) != 0) config.secrets_.emplace_back(key.name);
        if ((key.flags & VARVE_CONFIG_RELOADABLE) != 0) config.reloadable_.insert(key.name);
    }
    if (!sources.file.empty()) VARVE_RETURN_IF_ERROR(config.read_file_into(sources.file));
    std::error_code ignored;
    if (!sources.conf_dir.empty() && std::filesystem::is_directory(sources.conf_dir, ignored)) {
        std::vector<std::string> files;
        for (const auto &entry : std::filesystem::directory_iterator(sources.conf_dir, ignored)) {
            if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
        }
        std::sort(files.begin(), files.end());
        for (const std::string &file : files) VARVE_RETURN_IF_ERROR(config.read_file_into(file));
    }
    for (const std::string &variable : sources.environment) {
        const size_t equals = variable.find('=');
        if (!variable.starts_with("VARVE_") || equals == std::string::npos) continue;
        std::string key;
        for (size_t i = 6; i < equals; ++i) {
            if (variable.compare(i, 2, "__") == 0) {
                key += '.';
                ++i;
            } else {
                key += static_cast<char>(std::tolower(static_cast<unsigned char>(variable[i])));
            }
        }
        VARVE_RETURN_IF_ERROR(config.set_text(key, variable.substr(equals + 1),
                                              "environment " + variable.substr(0, equals)));
    }
    for (const auto &[key, text] : sources.flags) {
        VARVE_RETURN_IF_ERROR(config.set_text(key, text, "flag"));
    }
    config.add_default_instances();
    return config;
}

Status Config::read_file_into(const std::string &path) {
    auto settings = read_toml(path);
    if (!settings.ok()) return settings.status();
    for (auto &[key, setting] : *settings) {
        VARVE_RETURN_IF_ERROR(set(std::move(key), std::move(setting)));
    }
    return {};
}

// Text from the environment or a flag: TOML where that reads as the key's type, else a bare string.
Status Config::set_text(std::string key, const std::string &text, const std::string &origin) {
    const Setting bare{text, origin};
    const auto declared = types_.find(key);
    try {
        const toml::table table = toml::parse("v = " + text);
        auto parsed = from_toml(*table.get("v"), origin);
        const bool fits =
            parsed && (declared == types_.end() || convert(*parsed, declared->second));
        if (fits && table.size() == 1) return set(std::move(key), std::move(*parsed));
    } catch (const toml::parse_error &) {  // bare text
    }
    if (declared != types_.end() && declared->second == VARVE_CONFIG_STRINGS) {
        return set(std::move(key), Setting{std::vector<std::string>{text}, origin});
    }
    return set(std::move(key), bare);
}

Status Config::set(std::string key, Setting setting) {
    for (const std::string_view section : {"inputs.", "outputs."}) {
        // inputs.udp.database means the first instance.
        if (!key.starts_with(section)) continue;
        const size_t dot = key.find('.', section.size());
        if (dot != std::string::npos && dot + 1 < key.size() && !std::isdigit(key[dot + 1])) {
            key.insert(dot, ".0");
        }
    }
    if (!is_instance_key(key)) VARVE_RETURN_IF_ERROR(check_core_key(key, setting));
    settings_[std::move(key)] = std::move(setting);
    return {};
}

Status Config::check_core_key(const std::string &key, Setting &setting) const {
    if (key.starts_with(kHeaders)) return check_header(key.substr(kHeaders.size()), setting);
    const auto declared = types_.find(key);
    if (declared == types_.end()) {
        std::vector<std::string> names;
        for (const varve_config_key &known : core_keys()) names.emplace_back(known.name);
        return unknown_key(key, setting.origin, names);
    }
    auto converted = convert(setting, declared->second);
    if (!converted) return wrong_type(key, setting.origin, declared->second);
    setting = std::move(*converted);
    return {};
}

void Config::add_default_instances() {
    for (const char *name : kDefaultInputs) {
        const std::string prefix = std::string("inputs.") + name + '.';
        const auto first = settings_.lower_bound(prefix);
        if (first == settings_.end() || !first->first.starts_with(prefix)) {
            settings_[prefix + "0.enabled"] = Setting{true, "default"};
        }
    }
}

Status Config::apply_descriptor(const std::string &prefix, const varve_descriptor &descriptor) {
    std::vector<varve_config_key> keys(std::begin(kInstanceKeys), std::end(kInstanceKeys));
    keys.insert(keys.end(), descriptor.keys, descriptor.keys + descriptor.key_count);
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (const varve_config_key &key : keys) names.emplace_back(key.name);

    for (auto at = settings_.lower_bound(prefix + '.');
         at != settings_.end() && at->first.starts_with(prefix + '.'); ++at) {
        const std::string name = at->first.substr(prefix.size() + 1);
        const auto key = std::find_if(keys.begin(), keys.end(),
                                      [&](const varve_config_key &k) { return name == k.name; });
        if (key == keys.end()) {
            Status status = unknown_key(name, at->second.origin, names);
            return {status.code(), status.text() + " (keys of " + descriptor.id + ")"};
        }
        auto converted = convert(at->second, key->type);
        if (!converted && key->type == VARVE_CONFIG_STRINGS &&
            std::holds_alternative<std::string>(at->second.value)) {
            converted =
                Setting{std::vector{std::get<std::string>(at->second.value)}, at->second.origin};
        }
        if (!converted) return wrong_type(at->first, at->second.origin, key->type);
        at->second = std::move(*converted);
    }
    for (const varve_config_key &key : keys) {
        const std::string full = prefix + '.' + key.name;
        types_[full] = key.type;
        settings_.try_emplace(full, default_setting(key));
        if ((key.flags & VARVE_CONFIG_SECRET) != 0) secrets_.push_back(full);
        if ((key.flags & VARVE_CONFIG_RELOADABLE) != 0) reloadable_.insert(full);
    }
    return {};
}

const Setting *Config::find(std::string_view key) const {
    const auto found = settings_.find(key);
    return found == settings_.end() ? nullptr : &found->second;
}

namespace {
template <typename T>
const T &value_of(const Setting *setting) {
    VARVE_ASSERT(setting != nullptr);
    const T *value = std::get_if<T>(&setting->value);
    VARVE_ASSERT(value != nullptr);
    return *value;
}
}  // namespace

const std::string &Config::text(std::string_view key) const {
    return value_of<std::string>(find(key));
}
int64_t Config::integer(std::string_view key) const {
    return value_of<int64_t>(find(key));
}
double Config::number(std::string_view key) const {
    return value_of<double>(find(key));
}
bool Config::boolean(std::string_view key) const {
    return value_of<bool>(find(key));
}
const std::vector<std::string> &Config::texts(std::string_view key) const {
    return value_of<std::vector<std::string>>(find(key));
}

std::vector<std::pair<std::string, std::string>> Config::headers() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (auto at = settings_.lower_bound(kHeaders);
         at != settings_.end() && at->first.starts_with(kHeaders); ++at) {
        out.emplace_back(at->first.substr(kHeaders.size()), value_of<std::string>(&at->second));
    }
    return out;
}

std::map<std::string, std::vector<uint32_t>> Config::instances(std::string_view section) const {
    std::map<std::string, std::vector<uint32_t>> found;
    const std::string prefix = std::string(section) + '.';
    for (auto at = settings_.lower_bound(prefix);
         at != settings_.end() && at->first.starts_with(prefix); ++at) {
        const std::string rest = at->first.substr(prefix.size());
        const size_t dot = rest.find('.');
        uint32_t index = 0;
        if (dot == std::string::npos ||
            std::from_chars(rest.data() + dot + 1, rest.data() + rest.size(), index).ec !=
                std::errc()) {
            continue;
        }
        auto &numbers = found[rest.substr(0, dot)];
        if (std::find(numbers.begin(), numbers.end(), index) == numbers.end()) {
            numbers.push_back(index);
        }
    }
    return found;
}

std::vector<std::string> Config::changed_keys(const Config &fresh) const {
    std::vector<std::string> changed;
    for (const auto &[key, setting] : fresh.settings_) {
        const Setting *mine = find(key);
        if (reloadable_.contains(key)) continue;
        if (mine == nullptr || mine->value != setting.value) changed.push_back(key);
    }
    return changed;
}

void Config::take_reloadable(const Config &fresh) {
    for (const std::string &key : reloadable_) {
        if (const Setting *setting = fresh.find(key)) settings_[key] = *setting;
    }
}

std::string Config::print() const {
    std::string out;
    for (const auto &[key, setting] : settings_) {
        const auto type = types_.find(key);
        const bool secret = std::find(secrets_.begin(), secrets_.end(), key) != secrets_.end();
        out +=
            key + " = " +
            (secret ? "\"***\"" : print_value(setting, type == types_.end() ? 0 : type->second)) +
            "  # " + setting.origin + '\n';
    }
    return out;
}

}  // namespace varve
