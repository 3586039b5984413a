#include "cli/options.hpp"

#include <charconv>
#include <cstdlib>

namespace varve::cli {
namespace {

struct Flag {
    const char *name;
    const char *argument;  // null: a switch
    const char *help;
};

constexpr Flag kFlags[] = {
    {"host", "HOST", "server (localhost)"},
    {"port", "PORT", "its port (8086)"},
    {"socket", "PATH", "a unix socket instead"},
    {"database", "DB", "database to use"},
    {"username", "NAME", "who asks (or VARVE_USERNAME)"},
    {"password", "TEXT", "password (or VARVE_PASSWORD); '' asks for it"},
    {"ssl", nullptr, "HTTPS"},
    {"unsafeSsl", nullptr, "HTTPS without checking the certificate"},
    {"execute", "TEXT", "runs this and ends"},
    {"format", "FORMAT", "json, csv or column (column)"},
    {"precision", "P", "rfc3339, h, m, s, ms, u or ns (ns)"},
    {"consistency", "LEVEL", "of INSERT: any, one, quorum, all (all)"},
    {"pretty", nullptr, "indented JSON"},
    {"json", nullptr, "JSON from verbs"},
    {"version", nullptr, "shows the version"},
    {"help", nullptr, "shows this"},
};

// Verbs with flags of their own: what is no flag of the program belongs to them.
bool has_own_flags(const Options &options) {
    if (options.arguments.empty()) return false;
    const std::string &verb = options.arguments[0];
    return verb == "storage" || verb == "export" || verb == "verify";
}

const Flag *find_flag(std::string_view name) {
    for (const Flag &flag : kFlags) {
        if (name == flag.name) return &flag;
    }
    if (name == "unsafe-ssl") return find_flag("unsafeSsl");
    if (name == "h") return find_flag("help");
    return nullptr;
}

Status invalid(const std::string &text) {
    return {Code::invalid_argument, text + "; see varve --help"};
}

Status apply(Options &options, const std::string &name, const std::string &value) {
    if (name == "host") options.target.host = value;
    if (name == "socket") options.target.socket = value;
    if (name == "database") options.database = value;
    if (name == "username") options.target.username = value;
    if (name == "ssl") options.target.ssl = true;
    if (name == "unsafeSsl") options.target.ssl = options.target.unsafe_ssl = true;
    if (name == "pretty") options.pretty = true;
    if (name == "json") options.json = true;
    if (name == "version") options.version = true;
    if (name == "help") options.help = true;
    if (name == "consistency") options.consistency = value;
    if (name == "password") {
        options.target.password = value;
        options.ask_password = value.empty();
    }
    if (name == "execute") {
        options.execute = value;
        options.has_execute = true;
    }
    if (name == "port") {
        const auto parsed =
            std::from_chars(value.data(), value.data() + value.size(), options.target.port);
        if (parsed.ec != std::errc() || parsed.ptr != value.data() + value.size()) {
            return invalid("\"" + value + "\" is no port");
        }
    }
    if (name == "format") {
        auto format = parse_format(value);
        if (!format.ok()) return format.status();
        options.format = *format;
    }
    if (name == "precision") {
        for (const char *known : {"rfc3339", "h", "m", "s", "ms", "u", "ns"}) {
            if (value == known) options.precision = value;
        }
        if (options.precision != value) return invalid("unknown precision \"" + value + '"');
    }
    return {};
}

}  // namespace

Result<Options> parse_options(int argc, char **argv) {
    Options options;
    for (const char *prefix : {"INFLUX_", "VARVE_"}) {
        const std::string start = prefix;
        if (const char *name = std::getenv((start + "USERNAME").c_str())) {
            options.target.username = name;
        }
        if (const char *secret = std::getenv((start + "PASSWORD").c_str())) {
            options.target.password = secret;
        }
    }
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        if (word.size() < 2 || word[0] != '-') {
            options.arguments.push_back(word);
            continue;
        }
        word.erase(0, word[1] == '-' ? 2 : 1);
        const size_t equals = word.find('=');
        std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        const Flag *flag = find_flag(word.substr(0, equals));
        if (flag == nullptr && has_own_flags(options)) {
            options.arguments.push_back(argv[i]);
            continue;
        }
        if (flag == nullptr) return invalid("unknown flag " + std::string(argv[i]));
        if (flag->argument != nullptr && equals == std::string::npos) {
            if (i + 1 == argc) return invalid("-" + std::string(flag->name) + " wants a value");
            value = argv[++i];
        }
        VARVE_RETURN_IF_ERROR(apply(options, flag->name, value));
    }
    return options;
}

std::string usage() {
    std::string text =
        "usage: varve [FLAG…] [VERB …]\n\nWithout a verb: a shell on the server, or "
        "with -execute one request.\n\nverbs:\n"
        "  plugin list|check|new   plugins of the server, of files, and new ones\n"
        "  storage status|compact|scrub  what the storage engine holds, and its maintenance\n"
        "  export                  writes a database as line protocol\n"
        "  verify PATH…            checks the files of a stopped server\n"
        "  ping                    asks whether the server is there\n\nflags (one or "
        "two dashes):\n";
    for (const Flag &flag : kFlags) {
        std::string left = std::string("  -") + flag.name;
        if (flag.argument != nullptr) left += std::string(" ") + flag.argument;
        left.resize(std::max<size_t>(left.size() + 1, 24), ' ');
        text += left + flag.help + '\n';
    }
    return text;
}

}  // namespace varve::cli
