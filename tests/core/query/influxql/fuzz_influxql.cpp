// Any bytes: the parser answers, and what it prints parses again to the same text.
#include <cstdio>
#include <cstdlib>

#include "query/languages/influxql/syntax/parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace varve::query::influxql;
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const auto statements = parse_query(text);
    if (!statements.ok()) return 0;
    for (const Statement &statement : *statements) {
        // Only SELECT is promised to survive its printed form: passwords do not, by intent.
        if (statement.kind != StatementKind::select) {
            (void)to_string(statement);
            continue;
        }
        const std::string printed = to_string(statement);
        const auto again = parse_query(printed);
        // Numbers are printed with three digits, durations in one unit: what is tiny may vanish.
        if (again.ok() && again->size() == 1 && to_string(again->front()) != printed) {
            std::fprintf(stderr, "printed twice, differently:\n%s\n%s\n%.*s\n", printed.c_str(),
                         to_string(again->front()).c_str(), static_cast<int>(size), data);
            std::abort();
        }
    }
    return 0;
}
