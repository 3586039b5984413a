// Statements and options that InfluxDB does not have. Their words are no keywords: names stay free.
#include "model/duration.hpp"
#include "query/languages/influxql/syntax/parser_state.hpp"

namespace varve::query::influxql {

using enum Token;

void Parser::parse_rename(Statement &s) {
    s.name = parse_identifier();
    if (s.kind == StatementKind::alter_measurement) parse_on(s);
    if (!take_word("rename")) return fail_found(scan_skipping_space(), {"RENAME"});
    expect({kw_to});
    s.text = parse_identifier();
}

bool Parser::parse_storage_options(Statement &s) {
    const bool has_storage = take_word("storage");
    if (has_storage) s.storage = parse_identifier();
    const bool has_durability = take_word("durability");
    if (has_durability) s.durability = parse_durability();
    return has_storage || has_durability;
}

std::string Parser::parse_durability() {
    if (take_word("always")) return "always";
    if (take_word("os")) return "os";
    if (!take_word("interval")) {
        fail_found(scan_skipping_space(), {"ALWAYS", "INTERVAL", "OS"});
        return {};
    }
    expect({eq});
    const Lexeme length = scan_skipping_space();
    unscan();
    const int64_t interval_ns = parse_duration();
    if (interval_ns <= 0) fail_at("durability interval must be greater than 0", length.position);
    return "interval=" + format_influx_duration(interval_ns);
}

}  // namespace varve::query::influxql
