// The log's reader on any bytes: it may refuse, it must not crash.
#include <cstdint>
#include <cstring>
#include <vector>

#include "storage/strata/engine/rows_frame.hpp"
#include "storage/strata/scan/tombstone.hpp"
#include "storage/strata/wal/wal_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace varve::strata;
    std::vector<uint64_t> aligned(size / 8 + 1);
    if (size != 0) std::memcpy(aligned.data(), data, size);
    const std::string_view bytes(reinterpret_cast<const char *>(aligned.data()), size);
    const auto contents = parse_wal_segment(bytes);
    if (contents.ok()) {
        for (const Frame &frame : contents->frames) {
            (void)decode_rows(frame.payload);
            (void)decode_tombstone(frame.payload);
        }
    }
    // Checksums keep nearly everything away from the decoder; so it is fed directly too, with what
    // would be the first frame's payload.
    constexpr size_t kPayload = kWalPageSize + kWalFrameHeaderSize;
    const std::string_view payload = bytes.size() > kPayload ? bytes.substr(kPayload) : bytes;
    (void)decode_rows(payload);
    (void)decode_tombstone(payload);
    return 0;
}
