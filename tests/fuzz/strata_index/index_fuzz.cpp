// The reader of index files on any bytes: it may refuse, it must not crash. An input is the
// header's fields and the data behind its page; padding and checksums are added, so that mutations
// reach what lies behind them. The same bytes are also tried as a file as they are, and as a
// MANIFEST.
#include <cstdint>
#include <cstring>

#include <varve/cpp/bytes.hpp>

#include "common/series_key.hpp"
#include "storage/strata/index/file/index_file.hpp"
#include "storage/strata/index/tag_source.hpp"
#include "support/fake_host.hpp"
#include "support/sim_env.hpp"

namespace {

using namespace varve;
using namespace varve::strata;

// A file with one data page or more, all sums right.
std::string seal(std::string_view input) {
    IndexHeader header;
    std::memcpy(static_cast<void *>(&header), input.data(), sizeof header);
    header.magic = kIndexMagic;
    header.version = kIndexVersion;
    std::string bytes(kIndexPageSize, '\0');
    bytes += input.substr(sizeof header);
    bytes.resize((bytes.size() / kIndexPageSize + 1) * kIndexPageSize);
    header.data_page_count = bytes.size() / kIndexPageSize - 1;
    const uint64_t seed = header.uuid.seed();
    for (uint64_t page = 1; page <= header.data_page_count; ++page) {
        const auto content = std::string_view(bytes).substr(page * kIndexPageSize, kIndexPageSize);
        ByteWriter(bytes).put(page_sum(content, seed, page));
    }
    ByteWriter(bytes).align(kIndexPageSize);
    header.file_size = bytes.size();
    const uint64_t sums = 1 + header.data_page_count;
    const uint64_t sum =
        page_sum(std::string_view(bytes).substr(sums * kIndexPageSize), seed, sums);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + kHeaderSumsOffset, &sum, sizeof sum);
    const uint64_t own = page_sum(std::string_view(bytes).substr(0, kIndexPageSize - 8), seed, 0);
    std::memcpy(bytes.data() + kIndexPageSize - 8, &own, sizeof own);
    return bytes;
}

void list_everything(const TagSources &sources, const Bitmap &among) {
    varve_schema_request request{};
    request.struct_size = sizeof request;
    request.tag = str("host");
    const varve_schema_sink sink{
        nullptr, [](void *, varve_str, uint32_t) { return static_cast<int32_t>(VARVE_OK); }};
    for (const char *measurement : {"", "cpu"}) {
        request.measurement = str(measurement);
        (void)list_source_measurements(sources, among, request, sink);
        (void)list_source_tag_keys(sources, among, request, sink);
        (void)list_source_tag_values(sources, among, request, sink);
    }
}

void read_everything(std::shared_ptr<const IndexFile> file) {
    FileKeyReader reader(file);
    std::string key;
    for (uint32_t i = 0; i < 300; ++i) {
        const uint32_t id = file->header().id_min + i * 7;
        if (!reader.key_of(id, key) || key.empty()) continue;
        uint32_t found = 0;
        (void)file->find(key, series_key::hash(key, 0x5eed), 0x5eed, reader, found);
    }
    const TagSources sources{make_source(file)};
    for (const uint32_t op : {VARVE_SERIES_EQ, VARVE_SERIES_NE, VARVE_SERIES_MATCH}) {
        for (const char *value : {"", "host-1", "1$"}) {
            const varve_series_predicate leaf{op, 0, str("host"), str(value), nullptr};
            (void)select_series(sources, op == VARVE_SERIES_NE ? "cpu" : "", &leaf);
        }
    }
    const auto all = select_series(sources, "", nullptr);
    list_everything(sources, all.ok() ? *all : Bitmap{1});
    (void)file->verify();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static varve::test::SimEnv env(1);
    static varve::test::FakeHost host(env, "/disk");
    const std::string_view input(reinterpret_cast<const char *>(data), size);
    (void)parse_index_manifest(input);
    (void)Bitmap::parse(input);
    for (const bool sealed : {false, true}) {
        if (sealed && size < sizeof(IndexHeader)) continue;
        env.put("/disk/i-1.vidx", sealed ? seal(input) : std::string(input));
        const auto file = IndexFile::open(Files(host.host()), "/disk/i-1.vidx", 1, nullptr);
        if (file.ok()) read_everything(*file);
    }
    return 0;
}
