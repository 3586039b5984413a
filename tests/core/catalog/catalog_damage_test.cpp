// What the catalog does about a damaged file, and about one that a newer server wrote.
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/Session.h>

#include "core/catalog/catalog_fixture.hpp"

namespace varve {
namespace {

using CatalogDamage = CatalogFixture;

TEST_F(CatalogDamage, IsRestoredFromItsBackup) {
    ASSERT_TRUE(catalog().create_database("kept", std::nullopt).ok());
    const Database before = database("kept");
    const auto group = catalog().ensure_shard_group(before.id, before.policies[0].id, 0);
    catalog_.reset();  // writes the backup that is due
    ASSERT_TRUE(write_file_durably(Env::posix(), file_, std::string(8192, 'x')).ok());
    reopen();
    EXPECT_EQ(database("kept").id, before.id);
    EXPECT_EQ(catalog().shard_groups(before.id, before.policies[0].id)->at(0).id, group->id);
    EXPECT_EQ(*read_file(Env::posix(), quarantine_ + '/' + Env::posix().list(quarantine_)->at(0)),
              std::string(8192, 'x'));
    // The restored file and its backup are two: a change of one leaves the other readable.
    ASSERT_TRUE(catalog().create_database("later", std::nullopt).ok());
    reopen();
    EXPECT_EQ(names(), (std::vector<std::string>{"kept", "later"}));
    const std::scoped_lock lock(lines_mutex_);
    ASSERT_GE(lines_.size(), 3u);
    EXPECT_NE(lines_[1].find("moved to quarantine"), std::string::npos);
    EXPECT_NE(lines_[2].find("restored from its backup"), std::string::npos);
}

TEST_F(CatalogDamage, WithoutABackupIsAnError) {
    catalog_.reset();
    ASSERT_TRUE(write_file_durably(Env::posix(), file_, std::string(8192, 'x')).ok());
    ASSERT_TRUE(Env::posix().remove(file_ + ".backup").ok());
    const Status status = try_reopen();
    EXPECT_EQ(status.code(), Code::data_loss);
    EXPECT_NE(status.text().find("was damaged and has no backup"), std::string::npos);
    EXPECT_NE(status.text().find(quarantine_), std::string::npos);
}

TEST_F(CatalogDamage, WithADamagedBackupIsAnError) {
    catalog_.reset();
    for (const std::string &path : {file_, file_ + ".backup"}) {
        ASSERT_TRUE(write_file_durably(Env::posix(), path, std::string(8192, 'x')).ok());
    }
    EXPECT_EQ(try_reopen().code(), Code::data_loss);
}

TEST_F(CatalogDamage, OfANewerServerIsRefusedAndLeftAlone) {
    ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
    catalog_.reset();
    Poco::Data::SQLite::Connector::registerConnector();
    const auto set_version = [&](int version) {
        Poco::Data::Session session("SQLite", file_);
        session << "PRAGMA user_version = " + std::to_string(version), Poco::Data::Keywords::now;
    };
    int current = 0;
    Poco::Data::Session("SQLite", file_) << "PRAGMA user_version",
        Poco::Data::Keywords::into(current), Poco::Data::Keywords::now;
    set_version(99);
    const Status status = try_reopen();
    EXPECT_EQ(status.code(), Code::failed_precondition);
    EXPECT_NE(status.text().find("schema version 99"), std::string::npos);
    EXPECT_NE(status.text().find("written by a newer Varve"), std::string::npos);
    EXPECT_FALSE(Env::posix().list(quarantine_).ok());
    set_version(current);
    reopen();
    EXPECT_EQ(names(), std::vector<std::string>{"d"});
}

}  // namespace
}  // namespace varve
