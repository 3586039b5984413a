// Any bytes: the parser answers, and a statement's own text parses again to the same.
#include <cstdio>
#include <cstdlib>

#include "query/languages/influxql08/syntax/parser.hpp"
#include "query/languages/influxql08/time_condition.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace varve::query::influxql08;
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const auto statements = parse_query(text);
    if (!statements.ok()) return 0;
    for (const Statement &statement : *statements) {
        (void)split_condition(statement.select.where, 0);
        const auto again = parse_query(statement.text);
        if (!again.ok() || again->size() != 1 || again->front().text != statement.text) {
            std::fprintf(stderr, "parsed once, not twice:\n%s\n", statement.text.c_str());
            std::abort();
        }
    }
    return 0;
}
