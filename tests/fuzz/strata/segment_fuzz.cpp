// The segment's reader on any bytes: it may refuse, it must not crash. Page and section checksums
// are made right again, so that the mutations reach the parsers behind them.
#include <cstdint>
#include <cstring>

#include "storage/strata/segment/decoded_group.hpp"
#include "support/fake_host.hpp"
#include "support/sim_env.hpp"

namespace {

using namespace varve::strata;

void seal_page(std::string &bytes, size_t at, uint64_t seed) {
    const uint64_t sum = checksum(std::string_view(bytes).substr(at, kPageSize - 8), seed);
    std::memcpy(bytes.data() + at + kPageSize - 8, &sum, sizeof sum);
}

void seal(std::string &bytes) {
    if (bytes.size() < 2 * kPageSize) return;
    SegmentHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    const uint64_t seed = header.uuid.seed();
    const size_t at = bytes.size() - kPageSize;
    SegmentFooter footer;
    std::memcpy(&footer, bytes.data() + at, sizeof footer);
    footer.uuid = header.uuid;
    footer.file_size = bytes.size();
    for (SectionEntry &section : footer.sections) {
        if (section.offset > bytes.size() || section.size > bytes.size() - section.offset) continue;
        section.sum = checksum(std::string_view(bytes).substr(section.offset, section.size), seed);
    }
    std::memcpy(bytes.data() + at, &footer, sizeof footer);
    seal_page(bytes, 0, seed);
    seal_page(bytes, at, seed);
}

void read_everything(const std::shared_ptr<Segment> &segment) {
    ColumnTable columns;
    std::vector<const Column *> bound;
    for (const Segment::SchemaColumn &column : segment->schema()) {
        bound.push_back(columns.intern(column.measurement, column.name, column.type));
    }
    segment->bind(bound);
    (void)segment->read_keys([](uint32_t, std::string_view) { return varve::Status(); });
    GroupCache cache;
    std::vector<std::shared_ptr<DecodedGroup>> groups;
    segment->filter().for_each([&](uint32_t series) {
        for (const Segment::SchemaColumn &column : segment->schema()) {
            (void)cache.groups_of(segment, series, column.measurement, groups);
        }
        if (groups.size() > 64) groups.resize(64);
    });
    for (const auto &group : groups) {
        const auto blocks = group->blocks_of(group->entry().series_first);
        if (!blocks.ok()) continue;
        for (uint32_t i = blocks->first; i < blocks->second; ++i) {
            (void)group->block(i);
            for (const Column *column : bound) (void)group->stats(column, i);
        }
        (void)group->times();
        for (const Column *column : bound) (void)group->column(column);
    }
    (void)segment->verify();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static varve::test::SimEnv env(1);
    static varve::test::FakeHost host(env, "/disk");
    std::string bytes(reinterpret_cast<const char *>(data), size);
    for (const bool sealed : {false, true}) {
        if (sealed) seal(bytes);
        env.put("/disk/s-1.vseg", bytes);
        const auto segment = Segment::open(Files(host.host()), "/disk/s-1.vseg");
        if (segment.ok()) read_everything(*segment);
    }
    return 0;
}
