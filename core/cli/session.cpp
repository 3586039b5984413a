#include "cli/session.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <sstream>

#include <simdjson.h>

#include "cli/prompt.hpp"

namespace varve::cli {
namespace {

constexpr const char *kHelp = R"(Commands:
  use DB[.RP]               sets the database (and retention policy)
  insert LINE               writes a line of line protocol ("insert into RP LINE" names the policy)
  precision P               rfc3339, h, m, s, ms, u or ns
  format F                  json, csv or column
  pretty                    switches pretty JSON
  chunk size N              rows per chunk; 0 = the server's
  consistency LEVEL         any, one, quorum or all
  connect HOST:PORT         talks to another server
  auth [NAME]               asks for name and password
  settings                  shows all this
  history                   shows what was typed
  clear db | rp | all       forgets database, policy or both
  help                      shows this
  exit, quit, Ctrl-D        ends
Everything else is InfluxQL: SHOW DATABASES, SELECT mean(value) FROM cpu GROUP BY time(5m)
)";

const char *const kWords[] = {
    "ALL",       "ALTER",      "AND",      "AS",          "ASC",          "BY",        "CREATE",
    "DATABASE",  "DATABASES",  "DEFAULT",  "DELETE",      "DESC",         "DROP",      "DURATION",
    "EXPLAIN",   "FIELD",      "FILL",     "FROM",        "GROUP",        "INSERT",    "INTO",
    "KEY",       "KEYS",       "LIMIT",    "MEASUREMENT", "MEASUREMENTS", "OFFSET",    "ON",
    "OR",        "ORDER",      "POLICIES", "POLICY",      "REPLICATION",  "RETENTION", "SELECT",
    "SERIES",    "SHARD",      "SHOW",     "SLIMIT",      "SOFFSET",      "TAG",       "VALUES",
    "WHERE",     "WITH",       "count",    "first",       "last",         "max",       "mean",
    "min",       "percentile", "spread",   "sum",         "time",         "use",       "insert",
    "precision", "format",     "pretty",   "chunk",       "consistency",  "connect",   "auth",
    "settings",  "history",    "clear",    "help",        "exit",         "quit"};

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return out;
}

std::string_view trimmed(std::string_view text) {
    const char *blanks = " \t\r\n;";
    const size_t from = text.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

std::string_view without_quotes(std::string_view name) {
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
        return name.substr(1, name.size() - 2);
    }
    return name;
}

// The first row cells of all series of an answer.
std::vector<std::string> first_cells(const std::string &body) {
    std::vector<std::string> cells;
    try {
        const simdjson::padded_string padded(body);
        simdjson::dom::parser parser;
        for (auto result : parser.parse(padded)["results"].get_array()) {
            simdjson::dom::array all;
            if (result["series"].get(all) != simdjson::SUCCESS) continue;
            for (auto series : all) {
                simdjson::dom::array values;  // absent in a series without rows
                if (series["values"].get(values) != simdjson::SUCCESS) continue;
                for (auto row : values) {
                    cells.emplace_back(std::string_view(row.at(0).get_string()));
                }
            }
        }
    } catch (const simdjson::simdjson_error &) {  // no names to offer
        cells.clear();
    }
    return cells;
}

}  // namespace

Result<std::string> Session::ping() {
    auto answer = client_.request("GET", "/ping", {});
    if (!answer.ok()) return answer.status();
    const auto version = answer->headers.find("X-Influxdb-Version");
    return version == answer->headers.end() ? std::string("unknown") : version->second;
}

void Session::fail(std::string_view text) {
    errors_ << text << (text.ends_with('\n') ? "" : "\n") << std::flush;
    failed_ = true;
}

bool Session::execute(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.empty()) return true;
    const size_t blank = std::min(text.find(' '), text.size());
    const std::string word = lower(text.substr(0, blank));
    if (word == "exit" || word == "quit") return false;
    if (!run_command(word, trimmed(text.substr(blank)))) query(text);
    return true;
}

bool Session::run_command(std::string_view word, std::string_view rest) {
    if (word == "use") {
        use(rest);
    } else if (word == "insert") {
        insert(rest);
    } else if (word == "precision") {
        static const char *const known[] = {"rfc3339", "h", "m", "s", "ms", "u", "ns"};
        if (std::find(std::begin(known), std::end(known), rest) == std::end(known)) {
            fail("unknown precision \"" + std::string(rest) +
                 "\"; there are rfc3339, h, m, s, ms, u, ns");
        } else {
            precision = rest;
        }
    } else if (word == "format") {
        auto parsed = parse_format(rest);
        parsed.ok() ? void(format = *parsed) : fail(parsed.status().text());
    } else if (word == "pretty") {
        pretty = !pretty;
        out_ << "pretty print " << (pretty ? "on" : "off") << std::endl;
    } else if (word == "chunk" && rest.starts_with("size")) {
        const std::string_view number = trimmed(rest.substr(4));
        chunk_size = 0;
        std::from_chars(number.data(), number.data() + number.size(), chunk_size);
    } else if (word == "consistency") {
        consistency = rest;
    } else if (word == "connect") {
        connect(rest);
    } else if (word == "auth") {
        authenticate(rest);
    } else if (word == "settings") {
        show_settings();
    } else if (word == "clear") {
        if (rest == "db" || rest == "database" || rest == "all") database.clear();
        retention_policy.clear();
    } else if (word == "help") {
        out_ << kHelp << std::flush;
    } else {
        return false;
    }
    return true;
}

void Session::use(std::string_view name) {
    const size_t dot = name.starts_with('"') ? name.find("\".") + 1 : name.find('.');
    const std::string wanted(
        without_quotes(name.substr(0, dot == 0 ? std::string_view::npos : dot)));
    const auto known = list("SHOW DATABASES");
    if (std::find(known.begin(), known.end(), wanted) == known.end()) {
        return fail("ERR: database \"" + wanted +
                    "\" doesn't exist; run SHOW DATABASES to see all, CREATE DATABASE to make one");
    }
    database = wanted;
    retention_policy.clear();
    if (dot != 0 && dot != std::string_view::npos && dot + 1 < name.size()) {
        retention_policy = without_quotes(name.substr(dot + 1));
    }
    out_ << "Using database " << database << std::endl;
}

void Session::authenticate(std::string_view name) {
    Target target = client_.target();
    target.username = name;
    if (name.empty()) target.username = ask("username: ").value_or("");
    const auto password = ask_secret("password: ");
    if (target.username.empty() || !password) return fail("auth wants a name and a password");
    target.password = *password;
    client_ = Client(target);
}

void Session::connect(std::string_view address) {
    Target target = client_.target();
    const size_t colon = address.rfind(':');
    target.host = address.substr(0, colon);
    if (colon != std::string_view::npos) {
        const std::string_view port = address.substr(colon + 1);
        std::from_chars(port.data(), port.data() + port.size(), target.port);
    }
    client_ = Client(target);
    const auto version = ping();
    if (!version.ok()) return fail(version.status().text());
    out_ << "Connected to " << address << " version " << *version << std::endl;
}

void Session::show_settings() {
    const Target &target = client_.target();
    out_ << "host              " << target.host << ':' << target.port << '\n'
         << "username          " << target.username << '\n'
         << "database          " << database << '\n'
         << "retention policy  " << retention_policy << '\n'
         << "precision         " << precision << '\n'
         << "consistency       " << consistency << '\n'
         << "pretty            " << (pretty ? "true" : "false") << '\n'
         << "chunk size        " << chunk_size << std::endl;
}

void Session::insert(std::string_view text) {
    Parameters parameters{{"db", database}, {"rp", retention_policy}, {"consistency", consistency}};
    parameters["precision"] = precision == "rfc3339" ? "ns" : precision;
    if (lower(text.substr(0, 5)) == "into ") {
        const std::string_view rest = trimmed(text.substr(5));
        const size_t blank = std::min(rest.find(' '), rest.size());
        parameters["rp"] = without_quotes(rest.substr(0, blank));
        text = trimmed(rest.substr(blank));
    }
    auto answer = client_.request("POST", "/write", parameters, text);
    if (!answer.ok()) return fail(answer.status().text());
    if (answer->status == 204) return;
    std::string errors;
    (void)render(answer->body, Format::column, errors);
    fail(errors);
}

void Session::query(std::string_view text) {
    Parameters parameters{{"q", std::string(text)}, {"chunked", "true"}};
    if (!database.empty()) parameters["db"] = database;
    if (!retention_policy.empty()) parameters["rp"] = retention_policy;
    if (precision != "rfc3339") parameters["epoch"] = precision;
    if (pretty) parameters["pretty"] = "true";
    if (chunk_size != 0) parameters["chunk_size"] = std::to_string(chunk_size);
    std::string pretty_document;
    auto status = client_.stream("POST", "/query", parameters, [&](std::string_view line) {
        if (pretty && format != Format::json) return void(pretty_document.append(line) += '\n');
        std::string errors;
        out_ << render(line, format, errors) << std::flush;
        if (!errors.empty()) fail(errors);
    });
    if (!pretty_document.empty()) {
        std::string errors;
        out_ << render(pretty_document, format, errors) << std::flush;
        if (!errors.empty()) fail(errors);
    }
    if (!status.ok()) return fail(status.status().text());
    if (*status >= 400) failed_ = true;
}

std::vector<std::string> Session::list(const std::string &statement) {
    Parameters parameters{{"q", statement}};
    if (!database.empty()) parameters["db"] = database;
    auto answer = client_.request("POST", "/query", parameters);
    return answer.ok() ? first_cells(answer->body) : std::vector<std::string>{};
}

void Session::fetch_names() {
    if (names_of_ == database && !names_.empty()) return;
    names_ = list("SHOW DATABASES");
    if (!database.empty()) {
        for (const char *statement : {"SHOW MEASUREMENTS", "SHOW FIELD KEYS", "SHOW TAG KEYS"}) {
            for (std::string &name : list(statement)) names_.push_back(std::move(name));
        }
    }
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    names_of_ = database;
}

std::vector<std::string> Session::complete(std::string_view prefix) {
    std::vector<std::string> found;
    const std::string small = lower(prefix);
    for (const char *word : kWords) {
        // Keywords in the case that was begun.
        if (lower(word).starts_with(small)) {
            found.push_back(small == prefix ? lower(word) : std::string(word));
        }
    }
    fetch_names();
    for (const std::string &name : names_) {
        if (name.starts_with(prefix)) found.push_back(name);
    }
    return found;
}

}  // namespace varve::cli
