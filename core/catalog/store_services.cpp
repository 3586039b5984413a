// The rows of continuous queries and subscriptions.
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include "catalog/store.hpp"

namespace varve {

using namespace Poco::Data::Keywords;  // now, into, use
using Poco::Data::Statement;

namespace {

// A URL holds no line break.
std::string join_lines(const std::vector<std::string> &lines) {
    std::string out;
    for (const std::string &line : lines) out += line + '\n';
    return out;
}

std::vector<std::string> split_lines(const std::string &text) {
    std::vector<std::string> out;
    for (size_t from = 0, to = 0; (to = text.find('\n', from)) != text.npos; from = to + 1) {
        out.push_back(text.substr(from, to - from));
    }
    return out;
}

}  // namespace

Status SqliteCatalog::Store::read_continuous_queries(std::vector<ContinuousQuery> &queries) {
    return caught([&]() -> Status {
        queries.clear();
        ContinuousQuery query;
        Statement select(*session_);
        select << "SELECT q.id, d.name, q.name, q.text, q.last_run_ns FROM continuous_queries q "
                  "JOIN databases d ON d.id = q.database_id ORDER BY d.id, q.id",
            into(query.id), into(query.database), into(query.name), into(query.text),
            into(query.last_run_ns), range(0, 1);
        while (!select.done()) {
            if (select.execute() != 0) queries.push_back(query);
        }
        return {};
    });
}

Status SqliteCatalog::Store::read_continuous_queries_08(std::vector<ContinuousQuery08> &queries) {
    return caught([&]() -> Status {
        queries.clear();
        ContinuousQuery08 query;
        Statement select(*session_);
        select << "SELECT q.id, d.id, d.name, q.number, q.text, q.last_run_ns "
                  "FROM continuous_queries_08 q JOIN databases d ON d.id = q.database_id "
                  "ORDER BY d.id, q.number",
            into(query.id), into(query.db_id), into(query.database), into(query.number),
            into(query.text), into(query.last_run_ns), range(0, 1);
        while (!select.done()) {
            if (select.execute() != 0) queries.push_back(query);
        }
        return {};
    });
}

Status SqliteCatalog::Store::read_subscriptions(std::vector<Subscription> &subscriptions) {
    return caught([&]() -> Status {
        subscriptions.clear();
        Subscription subscription;
        int to_all = 0;
        std::string destinations;
        Statement select(*session_);
        select << "SELECT s.id, d.name, p.name, s.name, s.to_all, s.destinations "
                  "FROM subscriptions s JOIN retention_policies p ON p.id = s.policy_id "
                  "JOIN databases d ON d.id = p.database_id ORDER BY d.id, p.id, s.id",
            into(subscription.id), into(subscription.database), into(subscription.retention_policy),
            into(subscription.name), into(to_all), into(destinations), range(0, 1);
        while (!select.done()) {
            if (select.execute() == 0) continue;
            subscription.to_all = to_all != 0;
            subscription.destinations = split_lines(destinations);
            subscriptions.push_back(subscription);
        }
        return {};
    });
}

Status SqliteCatalog::Store::insert_continuous_query(uint64_t db_id, const std::string &name,
                                                     const std::string &text) {
    return caught([&]() -> Status {
        *session_ << "INSERT INTO continuous_queries (database_id, name, text) VALUES (?, ?, ?)",
            useRef(db_id), useRef(name), useRef(text), now;
        return {};
    });
}

Status SqliteCatalog::Store::update_continuous_query(uint64_t id, const std::string &text) {
    return caught([&]() -> Status {
        *session_ << "UPDATE continuous_queries SET text = ? WHERE id = ?", useRef(text),
            useRef(id), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_continuous_query(uint64_t id) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM continuous_queries WHERE id = ?", useRef(id), now;
        return {};
    });
}

Status SqliteCatalog::Store::update_last_run(uint64_t id, int64_t last_run_ns) {
    return caught([&]() -> Status {
        *session_ << "UPDATE continuous_queries SET last_run_ns = ? WHERE id = ?",
            useRef(last_run_ns), useRef(id), now;
        return {};
    });
}

Status SqliteCatalog::Store::insert_continuous_query_08(uint64_t db_id, uint64_t number,
                                                        const std::string &text,
                                                        int64_t last_run_ns) {
    return caught([&]() -> Status {
        *session_ << "INSERT INTO continuous_queries_08 (database_id, number, text, last_run_ns) "
                     "VALUES (?, ?, ?, ?)",
            useRef(db_id), useRef(number), useRef(text), useRef(last_run_ns), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_continuous_query_08(uint64_t id) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM continuous_queries_08 WHERE id = ?", useRef(id), now;
        return {};
    });
}

Status SqliteCatalog::Store::update_last_run_08(uint64_t id, int64_t last_run_ns) {
    return caught([&]() -> Status {
        *session_ << "UPDATE continuous_queries_08 SET last_run_ns = ? WHERE id = ?",
            useRef(last_run_ns), useRef(id), now;
        return {};
    });
}

Status SqliteCatalog::Store::insert_subscription(uint64_t rp_id, const Subscription &subscription) {
    return caught([&]() -> Status {
        const int to_all = subscription.to_all ? 1 : 0;
        const std::string destinations = join_lines(subscription.destinations);
        *session_ << "INSERT INTO subscriptions (policy_id, name, to_all, destinations) "
                     "VALUES (?, ?, ?, ?)",
            useRef(rp_id), useRef(subscription.name), useRef(to_all), useRef(destinations), now;
        return {};
    });
}

Status SqliteCatalog::Store::delete_subscription(uint64_t id) {
    return caught([&]() -> Status {
        *session_ << "DELETE FROM subscriptions WHERE id = ?", useRef(id), now;
        return {};
    });
}

}  // namespace varve
