// What the shell remembers between lines, and what its commands do. No terminal in here.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client.hpp"
#include "cli/render.hpp"

namespace varve::cli {

class Session {
  public:
    Session(Target target, std::ostream &out, std::ostream &errors)
        : client_(std::move(target)), out_(out), errors_(errors) {}

    std::string database;
    std::string retention_policy;
    std::string precision = "ns";  // or "rfc3339"
    std::string consistency = "all";
    Format format = Format::column;
    bool pretty = false;
    uint64_t chunk_size = 0;  // 0 = the server's

    // GET /ping; the server's version.
    Result<std::string> ping();

    // Runs a line: a command of the shell, INSERT, or InfluxQL. False after `exit`.
    bool execute(std::string_view line);
    // True if a query or command failed since the last call.
    bool take_failure() { return std::exchange(failed_, false); }

    // Words that may stand where `prefix` is: commands, keywords, databases, measurements, fields,
    // tags.
    std::vector<std::string> complete(std::string_view prefix);

  private:
    bool run_command(std::string_view word, std::string_view rest);
    void query(std::string_view text);
    void insert(std::string_view text);
    void use(std::string_view name);
    void authenticate(std::string_view name);
    void connect(std::string_view address);
    void show_settings();
    void fail(std::string_view text);
    void fetch_names();
    std::vector<std::string> list(const std::string &statement);

    Client client_;
    std::ostream &out_;
    std::ostream &errors_;
    bool failed_ = false;
    std::string names_of_;  // the database that names_ belong to
    std::vector<std::string> names_;
};

}  // namespace varve::cli
