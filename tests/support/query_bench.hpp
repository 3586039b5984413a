// A query engine over the memory storage, for tests: lines in, answers out.
#pragma once

#include <memory>
#include <string>

#include <varve/cpp/plugin.hpp>

#include "query/engine.hpp"
#include "support/fake_host.hpp"
#include "support/memory_catalog.hpp"
#include "support/memory_users.hpp"
#include "write/write_path.hpp"

namespace varve::test {

class QueryBench {
  public:
    // Another engine than that in memory, with the folder of its files.
    struct Storage {
        const char *name;
        const varve_descriptor &(*descriptor)();
        std::unique_ptr<Plugin> (*make)(Host);
        std::string path;
    };
    explicit QueryBench(query::Limits limits = {}, query::TaskRunner *tasks = nullptr);
    QueryBench(const Storage &storage, query::Limits limits, query::TaskRunner *tasks);
    ~QueryBench();

    // Line protocol with times in seconds, into the database (made if missing) and policy.
    void write(std::string lines, const std::string &database, const std::string &policy = "");
    int64_t write_precision_ns = 1'000'000'000;
    // From now on rows take the way through the write path, which lets a field have values of
    // several types and makes the copies of InfluxDB 0.8's continuous queries.
    void use_influxql08();

    struct Ask {
        std::string database = "d";
        std::string policy;
        std::string epoch = "s";
        std::string format = "json";
        std::string params;
        uint64_t chunk_size = 0;
        bool pretty = false;
        bool read_only = false;
        std::string language = "influxql";
        std::string principal;  // counts once require_users() was called
    };
    // The whole answer, its last newline cut off.
    std::string ask(const std::string &text, const Ask &ask);
    std::string ask(const std::string &text) { return ask(text, Ask()); }

    int32_t code = 0;          // of the last answer
    bool ended_well = false;   // of the last answer
    uint64_t write_calls = 0;  // of the last answer
    int64_t now_ns = 1'600'000'000'000'000'000;
    // After so many bytes of an answer its reader is gone; 0 = never.
    uint64_t cancel_after = 0;

    MemoryCatalog &catalog() { return catalog_; }
    query::Engine &engine() { return *engine_; }
    // Switches authentication on: from now on privileges are asked for.
    void require_users();
    bool requires_users() const { return accounts_->is_enabled(); }

  private:
    FakeHost host_;
    const std::string storage_name_;
    void make_engine(query::Limits limits, bool auth_enabled);
    void submit(varve_batch *batch, const std::string &database, const std::string &policy);

    MemoryCatalog catalog_;
    MemoryUsers users_{catalog_};
    std::unique_ptr<auth::Accounts> accounts_;
    varve_instance *storage_ = nullptr;
    const varve_storage *table_ = nullptr;
    SelfMetrics metrics_;
    Rejects rejects_{metrics_, 10};
    Publisher publisher_{metrics_};
    std::unique_ptr<CopyRules> copies_;  // null: rows go to storage directly
    std::unique_ptr<WritePath> writes_;
    query::FunctionTable functions_;
    query::InlineTaskRunner inline_tasks_;
    query::TaskRunner *tasks_;
    std::unique_ptr<query::Engine> engine_;
};

}  // namespace varve::test
