// A catalog in a folder of its own that can be closed and opened again.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "catalog/sqlite_catalog.hpp"
#include "support/scratch_folder.hpp"

namespace varve {

class CatalogFixture : public testing::Test {
  protected:
    void SetUp() override { reopen(); }

    void reopen() {
        const Status status = try_reopen();
        ASSERT_TRUE(status.ok()) << status.text();
    }

    // The catalog is gone if this fails.
    Status try_reopen() {
        catalog_.reset();
        auto opened = SqliteCatalog::open(file_, quarantine_, Env::posix(), log_);
        if (!opened.ok()) return opened.status();
        catalog_ = std::move(*opened);
        return {};
    }

    Catalog &catalog() { return *catalog_; }

    Database database(const std::string &name) {
        auto found = catalog().database(name);
        EXPECT_TRUE(found.ok()) << found.status().text();
        return found.ok() ? *found : Database{};
    }

    std::vector<std::string> names() {
        std::vector<std::string> found;
        const auto databases = catalog().databases();
        for (const Database &database : *databases) found.push_back(database.name);
        return found;
    }

    test::ScratchFolder folder_;
    const std::string file_ = folder_ / "catalog.db";
    const std::string quarantine_ = folder_ / "quarantine";
    std::vector<std::string> lines_;  // written while the catalog opens or by its own thread
    std::mutex lines_mutex_;
    Log log_{[this](std::string_view line) {
        const std::scoped_lock lock(lines_mutex_);
        lines_.emplace_back(line);
    }};
    std::unique_ptr<SqliteCatalog> catalog_;
};

}  // namespace varve
