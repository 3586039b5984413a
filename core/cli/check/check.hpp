// The conformance suites: what every plugin of a kind must do, tried on one plugin without the
// server.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.hpp"
#include "cli/check/check_host.hpp"

namespace varve::check {

// One thing that was tried.
struct Finding {
    std::string what;
    std::string failure;  // empty = it holds
};

struct Report {
    std::string path;
    std::string card;  // what the plugin says of itself, lines of text
    std::vector<Finding> findings;

    bool passed() const;
};

// Loads the file and runs the suites of all its descriptors. An error if it cannot even be loaded.
Result<Report> check_plugin(const std::string &path);

// Checks each file and prints what came of it, as text or as one JSON object per file. True if all
// passed.
bool print_reports(const std::vector<std::string> &paths, bool as_json);

// What a suite works with: an instance of the descriptor, made but not started, destroyed at the
// end.
class Subject {
  public:
    static Result<std::unique_ptr<Subject>> make(CheckHost &host, const PluginHost &plugins,
                                                 const varve_descriptor &descriptor);
    ~Subject();
    Subject(const Subject &) = delete;
    Subject &operator=(const Subject &) = delete;

    varve_instance *raw() const { return raw_; }
    Status start();
    void stop() { raw_->stop(raw_); }
    template <typename Table>
    const Table *extension(const char *id) const {
        return static_cast<const Table *>(raw_->get_extension(raw_, id));
    }

  private:
    explicit Subject(std::unique_ptr<HostHandle> handle) : handle_(std::move(handle)) {}
    std::unique_ptr<HostHandle> handle_;
    varve_instance *raw_ = nullptr;
};

// Collects findings: `expect` records that something holds, or what went wrong.
class Checker {
  public:
    explicit Checker(Report &report) : report_(report) {}
    bool expect(const std::string &what, bool holds, const std::string &otherwise);
    bool expect(const std::string &what, const Status &status) {
        return expect(what, status.ok(), status.text());
    }

  private:
    Report &report_;
};

// The suites, one per kind.
void check_input(Checker &checker, Subject &subject);
void check_output(Checker &checker, Subject &subject);
void check_function_set(Checker &checker, Subject &subject);
void check_storage(Checker &checker, Subject &subject);

// A batch of one table "m" with a column of every type and `rows` rows of series "m,t=a" and
// "m,t=b", the times 1000, 2000, … ns. Released by the caller.
varve_batch *make_sample_batch(uint32_t rows, uint64_t hash_seed);

}  // namespace varve::check
