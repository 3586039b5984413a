// Users and grants that survive a restart.
#include "core/catalog/catalog_fixture.hpp"

namespace varve {
namespace {

class SqliteUsers : public CatalogFixture {
  protected:
    SqliteCatalog &users() { return *catalog_; }
    static void expect_error(const Status &status, Code code, const std::string &text) {
        EXPECT_EQ(status.code(), code);
        EXPECT_EQ(status.text(), text);
    }
    std::string grants(const std::string &name) {
        std::string out;
        const UserPtr user = users().user(name);
        if (user == nullptr) return "no user";
        for (const Grant &grant : user->grants) {
            out.append(grant.database).append("=").append(privilege_text(grant.privilege)) += ';';
        }
        return out;
    }
};

TEST_F(SqliteUsers, AreMadeChangedAndDropped) {
    EXPECT_TRUE(users().users().empty());
    EXPECT_FALSE(users().has_admin());
    EXPECT_EQ(users().user("root"), nullptr);
    expect_error(users().create_user("", "h", true), Code::invalid_argument, "username required");
    ASSERT_TRUE(users().create_user("root", "h1", true).ok());
    ASSERT_TRUE(users().create_user("o'b \"x\"", "h2", false).ok());
    expect_error(users().create_user("root", "h", true), Code::already_exists,
                 "user already exists");
    ASSERT_TRUE(users().set_password_hash("root", "h3").ok());
    ASSERT_TRUE(users().set_admin("o'b \"x\"", true).ok());
    reopen();
    ASSERT_EQ(users().users().size(), 2u);
    EXPECT_TRUE(users().has_admin());
    EXPECT_EQ(users().users()[0]->name, "root");
    EXPECT_EQ(users().user("root")->password_hash, "h3");
    EXPECT_TRUE(users().user("root")->is_admin);
    EXPECT_EQ(users().user("o'b \"x\"")->password_hash, "h2");
    EXPECT_TRUE(users().user("o'b \"x\"")->is_admin);
    ASSERT_TRUE(users().drop_user("root").ok());
    reopen();
    EXPECT_EQ(users().user("root"), nullptr);
    for (const Status &status :
         {users().drop_user("root"), users().set_password_hash("root", "x"),
          users().set_admin("root", true), users().set_privilege("root", "d", Privilege::read)}) {
        expect_error(status, Code::not_found, "user not found");
    }
}

TEST_F(SqliteUsers, GrantsBelongToADatabase) {
    ASSERT_TRUE(users().create_user("bob", "h", false).ok());
    expect_error(users().set_privilege("bob", "d", Privilege::read), Code::not_found,
                 "database not found: d");
    ASSERT_TRUE(catalog().create_database("d", std::nullopt).ok());
    ASSERT_TRUE(catalog().create_database("e", std::nullopt).ok());
    ASSERT_TRUE(users().set_privilege("bob", "e", Privilege::all).ok());
    ASSERT_TRUE(users().set_privilege("bob", "d", Privilege::read).ok());
    EXPECT_EQ(grants("bob"), "d=READ;e=ALL PRIVILEGES;");
    ASSERT_TRUE(users().set_privilege("bob", "d", Privilege::write).ok());
    ASSERT_TRUE(users().set_privilege("bob", "e", Privilege::none).ok());
    reopen();
    EXPECT_EQ(grants("bob"), "d=WRITE;e=NO PRIVILEGES;");
    ASSERT_TRUE(catalog().rename_database("d", "f", {}).ok());
    EXPECT_EQ(grants("bob"), "f=WRITE;e=NO PRIVILEGES;");
    ASSERT_TRUE(catalog().drop_database("f").ok());
    ASSERT_TRUE(catalog().create_database("f", std::nullopt).ok());
    EXPECT_EQ(grants("bob"), "e=NO PRIVILEGES;");
    ASSERT_TRUE(users().drop_user("bob").ok());
    ASSERT_TRUE(users().create_user("bob", "h", false).ok());
    reopen();
    EXPECT_EQ(grants("bob"), "");
}

TEST_F(SqliteUsers, AHolderKeepsWhatItSaw) {
    ASSERT_TRUE(users().create_user("bob", "h", false).ok());
    const UserPtr before = users().user("bob");
    ASSERT_TRUE(users().set_admin("bob", true).ok());
    EXPECT_FALSE(before->is_admin);
    EXPECT_TRUE(users().user("bob")->is_admin);
}

}  // namespace
}  // namespace varve
