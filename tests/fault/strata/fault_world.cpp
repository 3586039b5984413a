#include "fault_world.hpp"

namespace varve::test {
namespace {

// Like the shards of WriteSettings.
uint64_t shard_of(int64_t time) {
    return time < 1000 ? 1 : time < 2000 ? 2 : 3;
}

bool has_host(const std::string &key, const std::string &host) {
    return host.empty() || (key + ",").find(",h=" + host + ",") != std::string::npos;
}

}  // namespace

bool Step::hits(const std::string &key, int64_t time,
                const std::map<std::string, std::string> &fields) const {
    if (kind == Kind::drop_shard) return shard_of(time) == shard;
    if (kind != Kind::remove) return false;
    if (!measurement.empty() && key.substr(0, key.find(',')) != measurement) return false;
    if (!has_host(key, host) || time < from || (time >= to && to != INT64_MAX)) return false;
    if (at_least < 0) return true;
    const auto found = fields.find("i i");
    return found != fields.end() && std::stoll(found->second) >= at_least;
}

void Step::apply(Dump &dump) const {
    for (const Point &point : points) {
        auto &row = dump[point.key][point.time];
        for (const auto &[name, value] : point.fields) {
            row[name + " " + value[0]] = value.substr(2);
        }
    }
    for (auto series = dump.begin(); series != dump.end();) {
        std::erase_if(series->second,
                      [&](const auto &row) { return hits(series->first, row.first, row.second); });
        series = series->second.empty() ? dump.erase(series) : std::next(series);
    }
}

Status Step::run(StorageClient &client) const {
    switch (kind) {
        case Kind::write: {
            WriteSettings settings;
            settings.durability = durability;
            const WriteAnswer answer = client.write(points, settings);
            EXPECT_TRUE(!answer.status.ok() || answer.accepted == points.size());
            return answer.status;
        }
        case Kind::drop_shard:
            return client.drop_shard(1, 1, shard).status;
        case Kind::compact:
            return client.compact();
        case Kind::remove:
            break;
    }
    varve_delete_request request{};
    request.struct_size = sizeof request;
    request.db_id = 1;
    request.measurement = str(measurement);
    request.from_ns = from;
    request.to_ns = to;
    request.durability = durability;
    const varve_series_predicate predicate{VARVE_SERIES_EQ, 0, str("h"), str(host), nullptr};
    if (!host.empty()) request.series = &predicate;
    varve_value_condition condition{str("i"), VARVE_GE, VARVE_TYPE_INT64, {}, {}};
    condition.constant.as_int = at_least;
    request.conditions = &condition;
    request.condition_count = at_least < 0 ? 0 : 1;
    return client.delete_rows(request).status;
}

std::string Step::text() const {
    switch (kind) {
        case Kind::write:
            return "write of " + std::to_string(points.size()) + " rows from " + points[0].key +
                   " at " + std::to_string(points[0].time) + ", durability " +
                   std::to_string(durability);
        case Kind::drop_shard:
            return "drop of shard " + std::to_string(shard);
        case Kind::compact:
            return "compact";
        case Kind::remove:
            break;
    }
    return "delete of '" + measurement + "' host '" + host + "' from " + std::to_string(from) +
           " to " + std::to_string(to) + ", i >= " + std::to_string(at_least) + ", durability " +
           std::to_string(durability);
}

Step random_step(std::mt19937_64 &random, int number) {
    Step step;
    const uint64_t dice = random() % 32;
    if (dice < 2) {
        step.kind = Step::Kind::compact;
        return step;
    }
    if (dice < 3) {
        step.kind = Step::Kind::drop_shard;
        step.shard = 1 + random() % 3;
        return step;
    }
    step.durability = random() % 4 == 0 ? 1 + static_cast<uint32_t>(random() % 3)
                                        : uint32_t{VARVE_DURABILITY_ALWAYS};
    if (dice < 8) {
        step.kind = Step::Kind::remove;
        if (random() % 4 != 0) step.measurement = "m" + std::to_string(random() % 3);
        if (random() % 2 == 0) step.host = std::to_string(random() % 4);
        if (random() % 2 == 0) {
            step.from = static_cast<int64_t>(random() % 2500);
            step.to = step.from + static_cast<int64_t>(random() % 1000);
        }
        if (random() % 3 == 0) step.at_least = number > 20 ? number - 20 : 0;
        return step;
    }
    const std::string measurement = "m" + std::to_string(random() % 3);
    const uint64_t rows = 1 + random() % (random() % 6 == 0 ? 150 : 12);
    for (uint64_t row = 0; row < rows; ++row) {
        // Both sides of a shard's border, so that a write concerns several shards.
        const int64_t time = static_cast<int64_t>(random() % 3 * 1000 + random() % 60);
        Point point{measurement, time, {}};
        // New series turn up all the time.
        point.key += ",h=" + std::to_string(random() % (random() % 8 == 0 ? 1000 : 4));
        point.fields["i"] = "i:" + std::to_string(number);
        if (random() % 2 == 0) point.fields["f"] = "f:" + std::to_string(number) + ".5";
        if (random() % 3 == 0) point.fields["s"] = "s:text " + std::to_string(number);
        step.points.push_back(std::move(point));
    }
    return step;
}

}  // namespace varve::test
