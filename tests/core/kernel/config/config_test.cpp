#include "kernel/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace varve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigTest : public testing::Test {
  protected:
    ConfigTest() : folder_(testing::TempDir() + "/config_test") {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ + "/conf.d");
    }

    std::string write(const std::string &name, const std::string &text) {
        const std::string path = folder_ + '/' + name;
        std::ofstream(path) << text;
        return path;
    }

    Result<Config> load(const std::string &text) {
        ConfigSources sources;
        sources.file = write("varve.toml", text);
        return Config::load(sources);
    }

    std::string error(const std::string &text) {
        const auto config = load(text);
        return config.ok() ? "accepted" : config.status().text();
    }

    const std::string folder_;
};

TEST_F(ConfigTest, DefaultsHaveTheirOrigin) {
    const auto config = Config::load({});
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config->text("http.bind_address"), ":8086");
    EXPECT_EQ(config->integer("query.timeout"), 60'000'000'000);
    EXPECT_EQ(config->find("http.bind_address")->origin, "default");
}

TEST_F(ConfigTest, HeadersHaveNamesOfTheirOwn) {
    const auto config = load("[http.headers]\nX-Site = \"north\"\nX-Room = \"2, left\"\n");
    ASSERT_TRUE(config.ok()) << config.status().text();
    EXPECT_THAT(config->headers(),
                ElementsAre(testing::Pair("X-Room", "2, left"), testing::Pair("X-Site", "north")));
    EXPECT_THAT(config->print(), HasSubstr("http.headers.X-Site = \"north\""));
    EXPECT_TRUE(Config::load({})->headers().empty());
}

TEST_F(ConfigTest, HeadersThatWouldBreakAnAnswerAreRefused) {
    EXPECT_THAT(error("[http.headers]\nContent-length = \"5\"\n"),
                HasSubstr("varve.toml:2: http.headers: \"Content-length\" is set by the server"));
    EXPECT_THAT(error("[http.headers]\nX-A = 5\n"), HasSubstr("\"X-A\" must be a string"));
    EXPECT_THAT(error("[http.headers]\nX-A = \"a\\r\\nb: c\"\n"),
                HasSubstr("has a control character in its value"));
    EXPECT_THAT(error("[http.headers]\n\"X A\" = \"a\"\n"), HasSubstr("is no name of a header"));
}

TEST_F(ConfigTest, LaterSourcesWin) {
    ConfigSources sources;
    sources.file =
        write("varve.toml", "[http]\nbind_address = \":1\"\nqueue_max = 1\nthreads = 1\n");
    sources.conf_dir = folder_ + "/conf.d";
    write("conf.d/b.toml", "[http]\nqueue_max = 3\nthreads = 2\n");
    write("conf.d/a.toml", "[http]\nqueue_max = 2\n");
    sources.environment = {"PATH=/bin", "VARVE_HTTP__THREADS=7", "VARVE_LOG__LEVEL=debug"};
    sources.flags = {{"log.level", "error"}};
    const auto config = Config::load(sources);
    ASSERT_TRUE(config.ok()) << config.status().text();
    EXPECT_EQ(config->text("http.bind_address"), ":1");
    EXPECT_EQ(config->integer("http.queue_max"), 3);
    EXPECT_EQ(config->integer("http.threads"), 7);
    EXPECT_EQ(config->text("log.level"), "error");
    EXPECT_THAT(config->find("http.bind_address")->origin, HasSubstr("varve.toml:2"));
    EXPECT_EQ(config->find("http.threads")->origin, "environment VARVE_HTTP__THREADS");
    EXPECT_THAT(config->print(),
                HasSubstr("http.queue_max = 3  # " + folder_ + "/conf.d/b.toml:2"));
}

TEST_F(ConfigTest, UnknownKeysAreErrorsWithPlaceAndHint) {
    EXPECT_EQ(error("[http]\n\nbind_adress = \":1\"\n"),
              folder_ +
                  "/varve.toml:3: unknown key \"http.bind_adress\"; did you mean "
                  "\"http.bind_address\"?");
    EXPECT_THAT(error("nonsense = 1"), HasSubstr("unknown key \"nonsense\""));
    ConfigSources sources;
    sources.environment = {"VARVE_HTTP__BIND=x"};
    EXPECT_THAT(Config::load(sources).status().text(),
                HasSubstr("environment VARVE_HTTP__BIND: unknown key \"http.bind\""));
}

TEST_F(ConfigTest, WrongTypesSayWhatIsWanted) {
    EXPECT_THAT(error("[query]\ntimeout = 5\n"), HasSubstr(":2: query.timeout must be a duration"));
    EXPECT_THAT(error("[http]\nqueue_max = \"x\"\n"),
                HasSubstr("http.queue_max must be an integer"));
    EXPECT_THAT(error("[memory]\nlimit = \"5 GB\"\n"), HasSubstr("memory.limit must be a size"));
    EXPECT_THAT(error("[http]\naccess_log = 1\n"), HasSubstr("must be true or false"));
    EXPECT_THAT(error("[plugins]\nallow = [1]\n"), HasSubstr("plugins.allow"));
    EXPECT_THAT(error("[http\n"), HasSubstr("varve.toml:1"));
}

const varve_config_key kUdpKeys[] = {
    {"database", "\"udp\"", "", VARVE_CONFIG_STRING, 0},
    {"batch_timeout", "\"1s\"", "", VARVE_CONFIG_DURATION, VARVE_CONFIG_RELOADABLE},
    {"tags", "[]", "", VARVE_CONFIG_STRINGS, 0},
};
const varve_descriptor kUdp = {
    sizeof kUdp, VARVE_KIND_INPUT, "inputs.udp", "", "", "", kUdpKeys, 3, 0};

TEST_F(ConfigTest, InstancesAreCheckedAgainstTheirDescriptor) {
    auto config = load("[[inputs.udp]]\ndatabase = \"a\"\n[[inputs.udp]]\ntags = [\"x=y\"]\n");
    ASSERT_TRUE(config.ok()) << config.status().text();
    EXPECT_THAT(config->instances("inputs").at("udp"), ElementsAre(0u, 1u));
    EXPECT_EQ(config->instances("inputs").count("http"), 1u);  // on by default
    ASSERT_TRUE(config->apply_descriptor("inputs.udp.0", kUdp).ok());
    ASSERT_TRUE(config->apply_descriptor("inputs.udp.1", kUdp).ok());
    EXPECT_EQ(config->text("inputs.udp.0.database"), "a");
    EXPECT_EQ(config->text("inputs.udp.1.database"), "udp");
    EXPECT_EQ(config->integer("inputs.udp.1.batch_timeout"), 1'000'000'000);
    EXPECT_THAT(config->texts("inputs.udp.1.tags"), ElementsAre("x=y"));
    EXPECT_TRUE(config->boolean("inputs.udp.1.enabled"));

    auto wrong = load("[[inputs.udp]]\ndatabas = \"a\"\n");
    EXPECT_THAT(wrong->apply_descriptor("inputs.udp.0", kUdp).text(),
                HasSubstr(":2: unknown key \"databas\"; did you mean \"database\"?"));
}

TEST_F(ConfigTest, SetReachesTheFirstInstance) {
    ConfigSources sources;
    sources.flags = {{"inputs.udp.database", "mine"}, {"inputs.udp.tags", "k=v"}};
    auto config = Config::load(sources);
    ASSERT_TRUE(config.ok());
    ASSERT_TRUE(config->apply_descriptor("inputs.udp.0", kUdp).ok());
    EXPECT_EQ(config->text("inputs.udp.0.database"), "mine");
    EXPECT_THAT(config->texts("inputs.udp.0.tags"), ElementsAre("k=v"));
}

TEST_F(ConfigTest, ReloadTakesOnlyWhatCanChange) {
    auto old = load("[log]\nlevel = \"info\"\n[http]\nqueue_max = 1\n");
    auto fresh = load("[log]\nlevel = \"debug\"\n[http]\nqueue_max = 2\n");
    EXPECT_THAT(old->changed_keys(*fresh), ElementsAre("http.queue_max"));
    old->take_reloadable(*fresh);
    EXPECT_EQ(old->text("log.level"), "debug");
    EXPECT_EQ(old->integer("http.queue_max"), 1);
}

TEST_F(ConfigTest, SampleFileIsTheDefaults) {
    ConfigSources sources;
    sources.file = std::string(VARVE_SOURCE_DIR) + "/etc/varve.toml";
    const auto sample = Config::load(sources);
    ASSERT_TRUE(sample.ok()) << sample.status().text();
    const auto defaults = Config::load({});
    for (const varve_config_key &key : Config::core_keys()) {
        EXPECT_EQ(sample->find(key.name)->value, defaults->find(key.name)->value) << key.name;
        EXPECT_NE(sample->find(key.name)->origin, "default") << key.name << " is not in the file";
    }
}

TEST(ParseSize, UnitsAndErrors) {
    EXPECT_EQ(*parse_size("0"), 0);
    EXPECT_EQ(*parse_size("64KiB"), 65536);
    EXPECT_EQ(*parse_size("25MB"), 25'000'000);
    for (const char *text : {"", "-1", "1 MB", "5XB", "99999999999GiB", "MB"}) {
        EXPECT_FALSE(parse_size(text).ok()) << text;
    }
}

}  // namespace
}  // namespace varve
