#include "kernel/plugin_host.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/env.hpp"
#include "kernel/host/handle.hpp"

namespace varve {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PluginHostTest : public testing::Test {
  protected:
    PluginHostTest()
        : folder_(testing::TempDir() + "/plugin_host_" +
                  testing::UnitTest::GetInstance()->current_test_info()->name()),
          log_([this](std::string_view line) { logged_ += line; }) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        services_.log = &log_;
        handle_ = std::make_unique<HostHandle>(services_, "plugin", "");
    }

    std::string install(const std::string &fixture, const std::string &as = "") {
        const std::string path = folder_ + '/' + (as.empty() ? fixture : as) + ".so";
        fs::copy_file(std::string(FIXTURE_DIR) + '/' + fixture + ".so", path);
        return path;
    }

    std::string install_bytes(const std::string &name, const std::string &bytes) {
        const std::string path = folder_ + '/' + name + ".so";
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }

    static std::string bytes_of(const std::string &path) { return *read_file(Env::posix(), path); }

    PluginHost make(std::vector<std::string> required = {}, std::vector<std::string> allow = {}) {
        return PluginHost({{folder_}, std::move(allow), std::move(required)}, handle_->raw(), log_);
    }

    // Loads the folder; the reason why the only file in it was refused.
    std::string refusal() {
        PluginHost host = make();
        EXPECT_TRUE(host.load_all().ok());  // the server starts all the same
        EXPECT_EQ(host.refused().size(), 1u);
        if (host.refused().empty()) return "nothing was refused";
        EXPECT_THAT(logged_, HasSubstr(host.refused()[0].path));
        return host.refused()[0].reason;
    }

    const std::string folder_;
    std::string logged_;
    Log log_;
    HostServices services_;
    std::unique_ptr<HostHandle> handle_;
};

TEST_F(PluginHostTest, LoadsAndCreates) {
    install("good");
    PluginHost host = make({"inputs.fixture"});
    ASSERT_TRUE(host.load_all().ok());
    ASSERT_NE(host.find("inputs.fixture"), nullptr);
    EXPECT_STREQ(host.find("inputs.fixture")->version, "1.2.3");
    auto instance = host.create("inputs.fixture", handle_->raw());
    ASSERT_TRUE(instance.ok()) << instance.status().text();
    varve_error error = abi_error();
    EXPECT_EQ((*instance)->start(*instance, &error), VARVE_OK);
    (*instance)->stop(*instance);
    (*instance)->destroy(*instance);
    EXPECT_EQ(host.create("inputs.fixtur", handle_->raw()).status().text(),
              "there is no plugin inputs.fixtur; did you mean inputs.fixture?");
}

TEST_F(PluginHostTest, WhatAPluginThrowsIsAStatus) {
    install("throws");
    PluginHost host = make();
    ASSERT_TRUE(host.load_all().ok());
    EXPECT_EQ(host.create("inputs.fixture", handle_->raw()).status().text(), "BUG: no such luck");
}

TEST_F(PluginHostTest, RequiredButRefusedStopsTheStart) {
    install("major", "inputs.fixture");
    PluginHost host = make({"inputs.fixture"});
    const Status status = host.load_all();
    EXPECT_EQ(status.code(), Code::failed_precondition);
    EXPECT_EQ(status.text(), "the required plugin inputs.fixture is not there: " + folder_ +
                                 "/inputs.fixture.so: expected ABI major version 1, found 2 "
                                 "(build the plugin against this server's SDK)");
}

TEST_F(PluginHostTest, AllowListIsKept) {
    install("good");
    PluginHost host = make({}, {"inputs.other"});
    ASSERT_TRUE(host.load_all().ok());
    EXPECT_EQ(host.refused().at(0).reason, "expected an id on plugins.allow, found inputs.fixture");
}

TEST_F(PluginHostTest, TwiceTheSameId) {
    install("good", "a");
    install("good", "b");
    PluginHost host = make();
    ASSERT_TRUE(host.load_all().ok());
    EXPECT_EQ(host.loaded().size(), 1u);
    EXPECT_THAT(host.refused().at(0).reason, HasSubstr("inputs.fixture, which another plugin has"));
}

TEST_F(PluginHostTest, EmptyFile) {
    install_bytes("x", "");
    EXPECT_EQ(refusal(), "expected an ELF shared library, found an empty file");
}

TEST_F(PluginHostTest, TextFile) {
    install_bytes("x", "#!/bin/sh\necho no plugin\n");
    EXPECT_EQ(refusal(), "expected an ELF shared library, found another kind of file");
}

TEST_F(PluginHostTest, Directory) {
    fs::create_directory(folder_ + "/x.so");
    EXPECT_EQ(refusal(), "expected a regular file, found something else");
}

TEST_F(PluginHostTest, CutOffInTheHeader) {
    install_bytes("x", bytes_of(install("good", "whole")).substr(0, 30));
    fs::remove(folder_ + "/whole.so");
    EXPECT_EQ(refusal(), "expected a whole ELF header, found a file cut off in it");
}

TEST_F(PluginHostTest, CutOffBeforeTheSections) {
    const std::string whole = bytes_of(install("good", "whole"));
    fs::remove(folder_ + "/whole.so");
    install_bytes("x", whole.substr(0, whole.size() / 2));
    EXPECT_EQ(refusal(), "expected whole section headers, found a file cut off before their end");
}

TEST_F(PluginHostTest, AnotherMachine) {
    std::string bytes = bytes_of(install("good", "whole"));
    fs::remove(folder_ + "/whole.so");
    const uint16_t machine = EM_RISCV;
    std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &machine, 2);
    install_bytes("x", bytes);
    EXPECT_THAT(refusal(), HasSubstr("found 64-bit for riscv"));
}

TEST_F(PluginHostTest, AProgramIsNoLibrary) {
    std::string bytes = bytes_of(install("good", "whole"));
    fs::remove(folder_ + "/whole.so");
    const uint16_t type = ET_EXEC;
    std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_type), &type, 2);
    install_bytes("x", bytes);
    EXPECT_EQ(refusal(), "expected a shared library (ELF type 3), found ELF type 2");
}

TEST_F(PluginHostTest, NoSection) {
    install("no_section");
    EXPECT_EQ(refusal(), "expected a section .varve.abi, found none: this is no Varve plugin");
}

TEST_F(PluginHostTest, WrongMagic) {
    install("magic");
    EXPECT_EQ(refusal(), "expected ABI magic " + std::to_string(VARVE_ABI_MAGIC) + ", found 1");
}

TEST_F(PluginHostTest, NewerMinor) {
    install("minor");
    EXPECT_EQ(refusal(),
              "expected ABI version at most 1.0, found 1.1 (the plugin is newer than this server)");
}

TEST_F(PluginHostTest, DraftsOfAnotherBuild) {
    install("drafts");
    EXPECT_EQ(refusal(),
              "expected draft headers of this server's build, found those of another build");
}

TEST_F(PluginHostTest, NoEntry) {
    install("no_entry");
    EXPECT_EQ(refusal(), "expected the symbol varve_entry, found none");
}

TEST_F(PluginHostTest, MissingSymbol) {
    install("missing_symbol");
    const std::string reason = refusal();
    EXPECT_THAT(reason, HasSubstr("expected a library that loads, found: "));
    EXPECT_THAT(reason, HasSubstr("undefined symbol: a_symbol_that_nobody_has"));
    EXPECT_THAT(reason, testing::Not(HasSubstr("Bad file descriptor")));
}

TEST_F(PluginHostTest, NoFactory) {
    install("no_factory");
    EXPECT_EQ(refusal(), "expected the factory varve.factory/1, found none");
}

TEST_F(PluginHostTest, InitFails) {
    install("init_fails");
    EXPECT_EQ(refusal(), "expected init to succeed, found: the licence has run out");
}

TEST_F(PluginHostTest, WritableByEverybody) {
    fs::permissions(install("good"), fs::perms::others_write, fs::perm_options::add);
    EXPECT_EQ(refusal(),
              "expected a file that only its owner may change, found one writable by everybody");
}

TEST_F(PluginHostTest, FolderWritableByEverybody) {
    install("good");
    fs::permissions(folder_, fs::perms::others_write, fs::perm_options::add);
    EXPECT_EQ(refusal(), "expected a directory that only its owner may change, found " + folder_ +
                             ", writable by everybody");
}

}  // namespace
}  // namespace varve
