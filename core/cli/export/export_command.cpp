#include "cli/export/export_command.hpp"

#include <charconv>
#include <iostream>

#include "cli/arguments.hpp"
#include "cli/export/exporter.hpp"
#include "model/time.hpp"

namespace varve::cli {
namespace {

constexpr const char *kUsage =
    R"(usage: varve export --db NAME [--rp NAME] [--measurement NAME] [--from TIME] [--to TIME]
                    [--out FILE] [--gzip]

Writes rows as line protocol, times in nanoseconds, to FILE or standard output. POST /write takes
it back as it is.

  --db NAME           the database
  --rp NAME           its retention policy (the default one)
  --measurement NAME  only this one
  --from TIME         from here on; nanoseconds since 1970, a date, or RFC 3339
  --to TIME           up to here, exclusive
  --out FILE          a new file; it is there when the export is complete
  --gzip              compressed
)";

constexpr VerbFlag kFlags[] = {{"db"}, {"rp"},  {"measurement"}, {"from"},
                               {"to"}, {"out"}, {"gzip", false}};

Result<std::optional<int64_t>> read_time(const Arguments &arguments, std::string_view flag) {
    if (!arguments.has(flag)) return std::optional<int64_t>();
    const std::string text = arguments.value(flag);
    int64_t number = 0;
    const char *end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec == std::errc() && read.ptr == end) return std::optional(number);
    auto time = parse_time(text);
    if (time.ok()) return std::optional(*time);
    return Status(Code::invalid_argument, "--" + std::string(flag) + " \"" + text +
                                              "\" is no time: " + time.status().text());
}

Result<ExportRequest> read_request(const Options &options, const Arguments &arguments) {
    if (!arguments.words.empty()) {
        return Status(Code::invalid_argument, "what is \"" + arguments.words[0] + "\"?");
    }
    ExportRequest request;
    request.database = arguments.has("db") ? arguments.value("db") : options.database;
    request.policy = arguments.value("rp");
    request.measurement = arguments.value("measurement");
    if (request.database.empty()) return Status(Code::invalid_argument, "export wants --db NAME");
    auto from = read_time(arguments, "from");
    if (!from.ok()) return from.status();
    auto to = read_time(arguments, "to");
    if (!to.ok()) return to.status();
    request.from_ns = *from;
    request.to_ns = *to;
    if (*from && *to && **from >= **to) {
        return Status(Code::invalid_argument, "--from must be earlier than --to");
    }
    return request;
}

}  // namespace

int run_export_command(const Options &options) {
    if (options.help) {
        std::cout << kUsage;
        return 0;
    }
    auto arguments =
        parse_arguments({options.arguments.begin() + 1, options.arguments.end()}, kFlags);
    auto request = arguments.ok() ? read_request(options, *arguments)
                                  : Result<ExportRequest>(arguments.status());
    if (!request.ok()) {
        std::cerr << "varve: " << request.status().text() << '\n' << kUsage;
        return 2;
    }
    auto file = ExportFile::open(arguments->value("out"), arguments->has("gzip"));
    Status status = file.status();
    if (status.ok()) {
        Client client(options.target);
        Exporter exporter(client, *request, **file, std::cerr);
        status = exporter.run();
        if (status.ok()) status = (*file)->finish();
        if (status.ok()) {
            std::cerr << "exported " << exporter.rows() << " rows of " << exporter.measurements()
                      << " measurements\n";
        }
    }
    if (status.ok()) return 0;
    std::cerr << "varve: " << status.text() << '\n';
    return 1;
}

}  // namespace varve::cli
