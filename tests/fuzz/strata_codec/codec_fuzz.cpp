// The decoders of column chunks on any bytes: they may refuse, they must not leave their memory.
//
//   u8 decoder, u16 count, u8 size of the shared tables, the tables, the chunk
//
// Tables that make no sense are taken for none. All memory is allocated to the byte, so that the
// address sanitizer sees the first step outside.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "storage/strata/codec/codec.hpp"

namespace {

using namespace varve::strata;

void decode(uint32_t decoder, std::string_view chunk, uint32_t count, const Codebooks &books) {
    std::vector<uint64_t> words(count + kDecodeSlack);
    switch (decoder) {
        case 0:
            (void)decode_ints(chunk, count, books, reinterpret_cast<int64_t *>(words.data()));
            break;
        case 1:
            (void)decode_floats(chunk, count, books, reinterpret_cast<double *>(words.data()));
            break;
        case 2:
            (void)decode_ints_as_doubles(chunk, count, books,
                                         reinterpret_cast<double *>(words.data()));
            break;
        case 3: {
            std::vector<uint8_t> bytes(count + kDecodeSlack);
            (void)decode_bools(chunk, count, books, bytes.data());
            break;
        }
        case 4: {
            Arena arena;
            std::vector<varve_str> texts(count + kDecodeSlack);
            if (!decode_strings(chunk, count, books, arena, texts.data()).ok()) break;
            uint64_t sum = 0;
            for (uint32_t i = 0; i < count; ++i) {
                if (texts[i].size != 0) sum += static_cast<uint8_t>(*texts[i].data);
            }
            static_cast<void>(sum);
            break;
        }
        default: {
            std::vector<ColumnStats> blocks(count);
            (void)decode_stats(1 + decoder % 5, decoder % 2 == 0, chunk, Codebooks::none(), blocks);
            break;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    constexpr size_t kHead = 4;
    if (size < kHead) return 0;
    const uint32_t count = (data[1] | static_cast<uint32_t>(data[2]) << 8) % (kChunkValuesMax + 2);
    const size_t tables_size = std::min<size_t>(data[3], size - kHead);
    const std::vector<char> tables(data + kHead, data + kHead + tables_size);
    const std::vector<char> chunk(data + kHead + tables_size, data + size);
    const auto books = Codebooks::parse({tables.data(), tables.size()});
    decode(data[0] % 16, {chunk.data(), chunk.size()}, count,
           books.ok() ? **books : Codebooks::none());
    return 0;
}
