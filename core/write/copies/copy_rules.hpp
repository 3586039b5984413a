// Which of the rows that are written are copied, and where to: the continuous queries of InfluxDB
// 0.8 that have no GROUP BY.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"
#include "write/copies/target_name.hpp"

namespace varve {

struct CopyRule {
    std::function<bool(std::string_view series)> matches;  // [any]
    TargetName target;
};

// Those of the catalog, read again when it has others. Thread-safe.
class CopyRules {
  public:
    using List = std::vector<CopyRule>;
    // Makes a stored query's text a rule; none if it copies nothing.
    using Read = std::function<std::optional<CopyRule>(const std::string &text)>;

    // The catalog lives longer.
    CopyRules(const Catalog &catalog, Read read) : catalog_(catalog), read_(std::move(read)) {}

    // Null: the database has none. Asked for every write.
    std::shared_ptr<const List> of(uint64_t db_id);

  private:
    void refresh(uint64_t revision);  // under mutex_

    const Catalog &catalog_;
    const Read read_;
    std::mutex mutex_;
    uint64_t revision_ = 0;                                  // guarded by mutex_
    std::map<uint64_t, std::shared_ptr<const List>> lists_;  // by database; guarded by mutex_
};

}  // namespace varve
