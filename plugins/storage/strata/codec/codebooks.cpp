// The shared tables of a segment: varint number of tables, then the tables (huffman.hpp).
#include "storage/strata/codec/codec.hpp"
#include "storage/strata/codec/huffman.hpp"

namespace varve::strata {

CodebookWriter::CodebookWriter() = default;
CodebookWriter::~CodebookWriter() = default;

uint32_t CodebookWriter::add(const HuffmanCode &code) {
    tables_.push_back(std::make_unique<HuffmanCode>(code));
    return table_count() - 1;
}

void CodebookWriter::render(std::string &out) const {
    put_varint(out, tables_.size());
    for (const auto &table : tables_) table->render(out);
}

struct Codebooks::Slot {
    HuffmanCode code;
    mutable std::once_flag once;
    mutable std::unique_ptr<const HuffmanDecoder> decoder;
};

Codebooks::Codebooks() = default;
Codebooks::~Codebooks() = default;

const Codebooks &Codebooks::none() {
    static const Codebooks empty;
    return empty;
}

Result<std::shared_ptr<const Codebooks>> Codebooks::parse(std::string_view bytes) {
    ByteReader in(bytes);
    const uint64_t count = get_varint(in);
    if (!in.ok() || count > kCodebookTablesMax) return damaged("number of shared tables");
    auto books = std::make_shared<Codebooks>();
    for (uint64_t i = 0; i < count; ++i) {
        auto code = HuffmanCode::parse(in);
        if (!code.ok()) return code.status();
        books->slots_.push_back(std::make_unique<Slot>());
        books->slots_.back()->code = *code;
    }
    if (!in.at_end()) return damaged("bytes behind the shared tables");
    return std::shared_ptr<const Codebooks>(std::move(books));
}

const HuffmanDecoder *Codebooks::decoder(uint32_t index) const {
    if (index >= slots_.size()) return nullptr;
    const Slot &slot = *slots_[index];
    std::call_once(slot.once,
                   [&] { slot.decoder = std::make_unique<const HuffmanDecoder>(slot.code); });
    return slot.decoder.get();
}

}  // namespace varve::strata
