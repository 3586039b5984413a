// A database as line protocol, read through the server's query API.
//
// Types come from SHOW FIELD KEYS, rows from `SELECT … GROUP BY *` over slices of time. Slices grow
// and shrink so that each query takes about a second: none meets the server's time limit, and
// neither side holds much.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/client.hpp"
#include "cli/export/export_file.hpp"
#include "cli/export/line_writer.hpp"

namespace varve::cli {

struct ExportRequest {
    std::string database;
    std::string policy;              // empty = the default one
    std::string measurement;         // empty = all
    std::optional<int64_t> from_ns;  // inclusive
    std::optional<int64_t> to_ns;    // exclusive
};

class Exporter {
  public:
    // `notes` hears what could not be kept exactly.
    Exporter(Client &client, ExportRequest request, ExportFile &file, std::ostream &notes);

    // not_found if there is no such database, policy or measurement.
    Status run();

    uint64_t rows() const { return rows_; }
    uint64_t measurements() const { return measurements_; }

  private:
    struct Span {
        int64_t first_ns;
        int64_t last_ns;  // inclusive
    };
    using Rows = std::vector<std::vector<std::string>>;

    Result<Rows> ask(const std::string &statement);
    Status find_policy();
    Result<std::vector<std::string>> find_measurements();
    Result<std::vector<ExportField>> find_fields(const std::string &measurement);
    void add_field(std::vector<ExportField> &fields, ExportField added,
                   const std::string &measurement);
    Result<std::optional<Span>> find_span(const std::string &measurement,
                                          const std::vector<ExportField> &fields);
    Status export_measurement(const std::string &measurement);
    Status export_slice(const std::string &measurement, const std::vector<ExportField> &fields,
                        const Span &slice);
    Status export_rows(const std::string &statement, const std::string &measurement,
                       const std::vector<ExportField> &fields);
    std::string source(const std::string &measurement) const;

    Client &client_;
    ExportRequest request_;
    ExportFile &file_;
    std::ostream &notes_;
    uint64_t rows_ = 0;
    uint64_t measurements_ = 0;
};

}  // namespace varve::cli
