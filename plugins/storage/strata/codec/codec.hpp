// The codecs of column chunks: pure functions between values in memory and bytes of a segment.
//
//   values ── encode_ints/floats/bools/strings ──▶ bytes of one chunk
//   bytes  ── decode_… (count, codebooks) ───────▶ the same values, bit for bit
//
// A chunk is one column of one row group: 1 to kChunkValuesMax dense values (the segment layer took
// the nulls out and keeps their places), encoded and decoded as a whole. Chunks of the dense tier
// may share Huffman tables, which the segment keeps in one place: a CodebookWriter gathers them
// while the segment is written, Codebooks reads them. docs/format/codec.md has every byte.
//
// Encoders append and cannot fail. Decoders take any bytes: what makes no sense is data_loss, and
// nothing outside the given memory is read or written. They accept every representation that an
// encoder of this version may have chosen.
//
// Threads: functions are pure; a CodebookWriter belongs to one thread, a Codebooks to all.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <varve/bytes.h>
#include <varve/cpp/status.hpp>

#include "storage/strata/files/arena.hpp"

namespace varve::strata {

inline constexpr uint32_t kChunkValuesMax = 8192;
// Decoders may write this many values behind the last one.
inline constexpr uint32_t kDecodeSlack = 64;
inline constexpr uint32_t kCodebookTablesMax = 64;
// Strings of a chunk that are longer together are stored as they are: a damaged length can never
// make a decompressor ask for more memory than this.
inline constexpr uint64_t kCompressedStringsSizeMax = 64 << 20;

enum class Tier {
    fast,  // what a flush writes: packed bits, lz4
    dense  // what the last compaction writes: Huffman codes as well, zstd
};

struct HuffmanCode;
struct HuffmanDecoder;

// The shared Huffman tables of a segment in the making.
class CodebookWriter {
  public:
    CodebookWriter();
    ~CodebookWriter();
    CodebookWriter(const CodebookWriter &) = delete;
    CodebookWriter &operator=(const CodebookWriter &) = delete;

    // The bytes that Codebooks::parse takes: at least one byte, also without tables.
    void render(std::string &out) const;
    uint32_t table_count() const { return static_cast<uint32_t>(tables_.size()); }

    // ---- the encoder's ----
    const HuffmanCode &table(uint32_t index) const { return *tables_[index]; }
    // Adds a table and returns its number; there must be room.
    uint32_t add(const HuffmanCode &code);
    bool full() const { return tables_.size() >= kCodebookTablesMax; }

  private:
    std::vector<std::unique_ptr<HuffmanCode>> tables_;
};

// The shared Huffman tables of a written segment. The large tables that decode are made when a
// chunk first asks for one.
class Codebooks {
  public:
    static Result<std::shared_ptr<const Codebooks>> parse(std::string_view bytes);
    // Without any table; for chunks that were encoded without a CodebookWriter.
    static const Codebooks &none();
    Codebooks();
    ~Codebooks();
    Codebooks(const Codebooks &) = delete;
    Codebooks &operator=(const Codebooks &) = delete;

    // [any] Null if there is no such table.
    const HuffmanDecoder *decoder(uint32_t index) const;

  private:
    struct Slot;
    std::vector<std::unique_ptr<Slot>> slots_;
};

struct EncodeContext {
    Tier tier = Tier::fast;
    CodebookWriter *codebooks = nullptr;  // null: no shared tables
};

// int64, uint64 (as bit patterns), timestamps, row counts, ids. `count` is at most kChunkValuesMax,
// here and below; none at all become no bytes.
void encode_ints(const int64_t *values, uint32_t count, EncodeContext &context, std::string &out);
void encode_floats(const double *values, uint32_t count, EncodeContext &context, std::string &out);
// One byte a value, 0 or not 0; they come back as 0 and 1.
void encode_bools(const uint8_t *values, uint32_t count, EncodeContext &context, std::string &out);
void encode_strings(const varve_str *values, uint32_t count, EncodeContext &context,
                    std::string &out);

// `out` has room for count + kDecodeSlack values.
Status decode_ints(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                   int64_t *out);
Status decode_floats(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                     double *out);
Status decode_bools(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                    uint8_t *out);
// The strings' bytes are put into the arena.
Status decode_strings(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                      Arena &arena, varve_str *out);
// An integer chunk straight to doubles, each value the nearest double; for whoever computes with
// them.
Status decode_ints_as_doubles(std::string_view bytes, uint32_t count, const Codebooks &codebooks,
                              double *out);

// Statistics of one column of one mini-block. Values are bit patterns by the column's type; a sum
// of integers is modulo 2^64. A field is kept if `present` has its bit (VARVE_STATS_MINMAX, _SUM,
// _FIRSTLAST); others come back as zero. Rows are counted from the mini-block's first.
struct ColumnStats {
    uint32_t count = 0;  // valid values
    uint16_t min_row = 0;
    uint16_t max_row = 0;
    uint16_t first_row = 0;
    uint16_t last_row = 0;
    uint64_t min = 0;
    uint64_t max = 0;
    uint64_t sum = 0;
    uint64_t first = 0;
    uint64_t last = 0;
    uint8_t present = 0;

    bool operator==(const ColumnStats &) const = default;
};

// The mini-blocks of a column of a row group, at most kChunkValuesMax. `with_rows`: min_row and
// max_row are kept (first_row and last_row always are, if VARVE_STATS_FIRSTLAST is).
void encode_stats(uint32_t varve_type, std::span<const ColumnStats> blocks, bool with_rows,
                  EncodeContext &context, std::string &out);
Status decode_stats(uint32_t varve_type, bool with_rows, std::string_view bytes,
                    const Codebooks &codebooks, std::span<ColumnStats> out);
// Compensated sums of decimals become the decimal sum, correctly rounded, which differs in the last
// bits if at all: it is what the values stand for, and takes less room than rounding errors.
void round_sums(std::span<ColumnStats> blocks);

}  // namespace varve::strata
