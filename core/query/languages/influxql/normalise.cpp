#include "query/languages/influxql/normalise.hpp"

namespace varve::query::influxql {

namespace {

Status normalise_measurement(const SourceResolver &resolver, Source &source) {
    const Result<Database> database = resolver.database(source.database);
    if (!database.ok()) return database.status();
    source.database = database->name;
    if (!source.retention_policy.empty()) return {};
    const Result<std::string> policy = resolver.policy_name(*database, {});
    if (!policy.ok()) return policy.status();
    source.retention_policy = *policy;
    return {};
}

}  // namespace

Result<SelectStatement> normalise(const Session &session, const SelectStatement &select) {
    const SourceResolver resolver(session);
    SelectStatement out = select;
    if (out.target) VARVE_RETURN_IF_ERROR(normalise_measurement(resolver, *out.target));
    for (Source &source : out.sources) {
        if (source.subquery == nullptr) {
            VARVE_RETURN_IF_ERROR(normalise_measurement(resolver, source));
            continue;
        }
        Result<SelectStatement> inner = normalise(session, *source.subquery);
        if (!inner.ok()) return inner;
        source.subquery = std::make_shared<const SelectStatement>(std::move(*inner));
    }
    return out;
}

}  // namespace varve::query::influxql
