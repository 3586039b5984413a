// The bytes of index files: pinned, and files of every released version are read for ever.
//
// tests/golden/strata_index/<version> was written by this test with VARVE_WRITE_GOLDEN=<its path>;
// a new format version adds a directory and changes none. The same run writes small.bin, the file
// without its padding, which is what the fuzzer's corpus consists of.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "index_world.hpp"
#include "storage/strata/index/file/index_writer.hpp"

namespace varve::test {
namespace {

namespace fs = std::filesystem;
using strata::kIndexPageSize;

const strata::Uuid kUuid{0x1111, 0x2222};

Model sample() {
    Model model;
    for (uint32_t i = 0; i < 100; ++i) {
        // Ids with a gap, values that share their beginnings, a posting of each kind.
        model[i < 80 ? i : i + 1000] =
            "cpu,host=host-" + std::to_string(i) + ",region=r" + std::to_string(i % 3);
    }
    model[2000] = "m\\ e,tag\\=x=a\\,b";
    model[2001] = "plain";
    return model;
}

std::string render_sample() {
    strata::SeriesTable table;
    for (const auto &[id, key] : sample()) {
        EXPECT_TRUE(table.add(id, key, series_key::hash(key, kIndexSeed)).ok());
    }
    const auto bytes = strata::render_index(table, kUuid, kIndexSeed);
    EXPECT_TRUE(bytes.ok());
    return *bytes;
}

std::string read(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write(const fs::path &path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
}

TEST(SeriesIndexFormat, BytesArePinnedAndOldFilesAreRead) {
    const std::string rendered = render_sample();
    if (const char *directory = std::getenv("VARVE_WRITE_GOLDEN")) {
        write(fs::path(directory) / "i-1.vidx", rendered);
        std::string data = rendered.substr(kIndexPageSize, kIndexPageSize);
        data.resize(data.find_last_not_of('\0') + 1);
        write(fs::path(directory) / "small.bin",
              rendered.substr(0, sizeof(strata::IndexHeader)) + data);
    }
    const fs::path golden = fs::path(VARVE_SOURCE_DIR) / "tests/golden/strata_index";
    const std::string current = read(golden / std::to_string(strata::kIndexVersion) / "i-1.vidx");
    EXPECT_TRUE(current == rendered)
        << "what is written differs from version " << strata::kIndexVersion;
    int versions = 0;
    for (const auto &version : fs::directory_iterator(golden)) {
        ++versions;
        IndexWorld world(1);
        const std::string bytes = read(version.path() / "i-1.vidx");
        strata::IndexManifest manifest;
        manifest.next_number = 2;
        manifest.files.push_back({1, kUuid, bytes.size()});
        world.env().put("/disk/index/MANIFEST", strata::render_index_manifest(manifest));
        world.env().put("/disk/index/i-1.vidx", bytes);
        ASSERT_TRUE(world.reopen().ok());
        ASSERT_TRUE(world.damaged().empty()) << world.damaged().front().reason;
        std::string text;
        for (const auto &[id, key] : sample()) {
            EXPECT_EQ(world.find(key), id);
            EXPECT_TRUE(world.index().key_of(id, text).ok());
            EXPECT_EQ(text, key);
        }
        EXPECT_EQ(world.index().id_end(), 2002u);
        const auto all = world.index().select("", nullptr);
        ASSERT_TRUE(all.ok());
        EXPECT_EQ(to_set(*all), model_select(sample(), "", nullptr));
    }
    EXPECT_GE(versions, 1);
}

TEST(SeriesIndexFormat, ManifestRefusesWhatItDoesNotKnow) {
    strata::IndexManifest manifest;
    manifest.id_end = 7;
    manifest.files.push_back({3, kUuid, 99});
    const std::string bytes = strata::render_index_manifest(manifest);
    const auto parsed = strata::parse_index_manifest(bytes);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->files, manifest.files);
    EXPECT_EQ(parsed->id_end, 7u);
    for (size_t at = 0; at < bytes.size(); ++at) {
        std::string broken = bytes;
        broken[at] = static_cast<char>(broken[at] ^ 1);
        EXPECT_FALSE(strata::parse_index_manifest(broken).ok());
        EXPECT_FALSE(strata::parse_index_manifest(bytes.substr(0, at)).ok());
    }
    std::string newer = bytes.substr(0, bytes.size() - 8);
    newer[4] = 9;
    strata::ByteWriter(newer).put(strata::checksum(newer, 0));
    EXPECT_EQ(strata::parse_index_manifest(newer).code(), Code::unsupported);
}

}  // namespace
}  // namespace varve::test
