// The file formats: pinned bytes, and files of every released version are read for ever.
//
// The files under tests/golden/strata/<version> were written by this test with
// VARVE_WRITE_GOLDEN=<empty directory>; a new format version adds a directory and changes none.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "storage/strata/engine/strata_storage.hpp"
#include "support/sim_env.hpp"
#include "support/storage_engine.hpp"

namespace varve::test {
namespace {

namespace fs = std::filesystem;

const EngineFactory kStrata = {&strata::StrataStorage::descriptor,
                               [](Host host) -> std::unique_ptr<Plugin> {
                                   return std::make_unique<strata::StrataStorage>(host);
                               },
                               true, true};

void write_sample(Engine &engine) {
    engine.host().set("wal_segment_size", 8 << 10);
    engine.host().set("maintenance_interval", 3600'000'000'000);
    ASSERT_TRUE(engine.start().ok());
    std::vector<Point> points;
    for (int i = 0; i < 12; ++i) {
        points.push_back({"m,h=a\\ b", i, {{"f", "f:" + std::to_string(i) + ".5"}}});
    }
    points.push_back({"m,h=a\\ b", 3, {{"i", "i:-3"}, {"s", "s:text"}}});
    points.push_back({"m", 4, {{"u", "u:18446744073709551615"}, {"b", "b:1"}}});
    engine.client().write(points);
    ASSERT_TRUE(engine.client().compact().ok());
    engine.client().write({{"m", 4, {{"b", "b:0"}}}, {"late", 1500, {{"s", "s:"}}}});
    engine.stop();
}

Dump sample() {
    Dump dump;
    for (int i = 0; i < 12; ++i) dump["m,h=a\\ b"][i]["f f"] = std::to_string(i) + ".5";
    dump["m,h=a\\ b"][3]["i i"] = "-3";
    dump["m,h=a\\ b"][3]["s s"] = "text";
    dump["m"][4] = {{"u u", "18446744073709551615"}, {"b b", "0"}};
    dump["late"][1500]["s s"] = "";
    return dump;
}

TEST(StrataFormat, OldFilesAreRead) {
    if (const char *directory = std::getenv("VARVE_WRITE_GOLDEN")) {
        Engine writer(kStrata, Env::posix(), directory);
        write_sample(writer);
    }
    const fs::path golden = fs::path(VARVE_SOURCE_DIR) / "tests/golden/strata";
    int versions = 0;
    for (const auto &version : fs::directory_iterator(golden)) {
        ++versions;
        SimEnv env(1);
        for (const auto &entry : fs::recursive_directory_iterator(version)) {
            if (!entry.is_regular_file()) continue;
            std::ifstream in(entry.path(), std::ios::binary);
            env.put("/disk/" + fs::relative(entry.path(), version).string(),
                    std::string(std::istreambuf_iterator<char>(in), {}));
        }
        Engine engine(kStrata, env, "/disk");
        const Status status = engine.start();
        ASSERT_TRUE(status.ok()) << status.text();
        auto dump = engine.client().read();
        ASSERT_TRUE(dump.ok()) << dump.status().text();
        EXPECT_EQ(*dump, sample()) << version.path();
        EXPECT_EQ(engine.host().metric("varve_storage_quarantined_total"), 0);
    }
    EXPECT_GE(versions, 1);
}

TEST(StrataFormat, NewerVersionsAreSetAsideWithAReason) {
    SimEnv env(1);
    {
        Engine engine(kStrata, env, "/disk");
        write_sample(engine);
    }
    for (const std::string &path : env.files()) {
        if (!path.ends_with("MANIFEST") || path.find("/index/") != std::string::npos) continue;
        std::string bytes = env.content(path);
        bytes[4] = 9;
        const uint64_t sum = strata::checksum(std::string_view(bytes).substr(0, 24), 0);
        std::memcpy(bytes.data() + 24, &sum, sizeof sum);
        env.put(path, bytes);
    }
    Engine engine(kStrata, env, "/disk");
    ASSERT_TRUE(engine.start().ok());
    EXPECT_EQ(engine.host().metric("varve_storage_quarantined_total"), 1);
    EXPECT_NE(engine.client().status_json().find("version 9; this Varve reads version "),
              std::string::npos)
        << engine.client().status_json();
}

TEST(StrataFormat, ManifestBytesArePinned) {
    strata::ManifestState state;
    state.identity = {1, 2, 3, 0, 1000, 7, "db", "rp"};
    state.flushed_lsn = 9;
    state.segments.push_back({5, {1, 2}, 8192, 7, 9, 10, 20, 3});
    state.seed = 42;
    const std::string bytes = strata::render_manifest(state);
    ASSERT_EQ(bytes.size(), 32u + (32 + 64) + (32 + 24 + 72));
    EXPECT_EQ(bytes.substr(0, 4), "VMAN");
    EXPECT_EQ(bytes.substr(32, 4), "VMRC");
    EXPECT_EQ(strata::checksum(bytes, 0), 9577144245097012603u);
    const auto parsed = strata::parse_manifest(bytes);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->identity, state.identity);
    EXPECT_EQ(parsed->segments, state.segments);
    EXPECT_TRUE(parsed->complete);
    for (size_t size = 0; size < bytes.size(); ++size) {
        const auto cut = strata::parse_manifest(std::string_view(bytes).substr(0, size));
        EXPECT_TRUE(!cut.ok() || cut->segments.empty()) << size;
    }
}

TEST(StrataFormat, LogTailsAndDamage) {
    strata::WalHeader header;
    header.number = 1;
    header.uuid = {3, 4};
    header.first_lsn = 1;
    std::string bytes = strata::render_wal_header(header);
    std::vector<size_t> ends;
    for (uint64_t lsn = 1; lsn <= 3; ++lsn) {
        const std::string payload(10 * lsn, static_cast<char>('a' + lsn));
        const auto frame =
            strata::make_frame_header(strata::FrameType::rows, lsn, payload, header.uuid.seed());
        bytes.append(reinterpret_cast<const char *>(&frame), sizeof frame);
        bytes += payload;
        bytes.resize((bytes.size() + 15) / 16 * 16, '\0');
        ends.push_back(bytes.size());
    }
    const size_t used = bytes.size();
    bytes.resize(used + 4096, '\0');
    auto whole = strata::parse_wal_segment(bytes);
    ASSERT_TRUE(whole.ok());
    EXPECT_EQ(whole->frames.size(), 3u);
    EXPECT_FALSE(whole->damaged);
    for (size_t at = strata::kWalPageSize; at < used; ++at) {
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        const auto read = strata::parse_wal_segment(flipped);
        ASSERT_TRUE(read.ok());
        const size_t frame = at < ends[0] ? 0 : at < ends[1] ? 1 : 2;
        if (read->frames.size() == 3) continue;  // a padding byte
        ASSERT_EQ(read->frames.size(), 2u);
        EXPECT_EQ(read->damaged, frame != 2) << at;  // the last one is a torn tail
    }
    // A header survives in its second copy.
    std::string half = bytes;
    std::fill(half.begin(), half.begin() + 64, '\xff');
    EXPECT_EQ(strata::parse_wal_segment(half)->frames.size(), 3u);
    std::fill(half.begin() + 2048, half.begin() + 2112, '\xff');
    EXPECT_EQ(strata::parse_wal_segment(half).code(), Code::data_loss);
    EXPECT_FALSE(strata::parse_wal_segment(std::string(8192, '\0'))->used);
}

}  // namespace
}  // namespace varve::test
