#include "monitor/pprof/symbols.hpp"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "base/env.hpp"

namespace varve::monitor {
namespace {

// The file that is mapped at an address, and where its own address 0 lies.
struct Place {
    uint64_t address = 0;
    uint64_t base = 0;
    std::string path;
    bool found = false;
};

int visit_module(dl_phdr_info *info, size_t, void *ctx) {
    auto *place = static_cast<Place *>(ctx);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto &segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD) continue;
        const uint64_t start = info->dlpi_addr + segment.p_vaddr;
        if (place->address < start || place->address - start >= segment.p_memsz) continue;
        place->base = info->dlpi_addr;
        place->path = info->dlpi_name == nullptr || *info->dlpi_name == '\0' ? "/proc/self/exe"
                                                                             : info->dlpi_name;
        place->found = true;
        return 1;
    }
    return 0;
}

// A bounds-checked array in a file's bytes; empty if it is not wholly there.
template <typename T>
std::vector<T> array_at(std::span<const char> file, uint64_t offset, uint64_t count) {
    if (offset > file.size() || count > (file.size() - offset) / sizeof(T)) return {};
    std::vector<T> items(count);
    if (count != 0) std::memcpy(items.data(), file.data() + offset, count * sizeof(T));
    return items;
}

std::string text_at(std::span<const char> file, const Elf64_Shdr &strings, uint64_t offset) {
    if (strings.sh_offset > file.size() || strings.sh_size > file.size() - strings.sh_offset ||
        offset >= strings.sh_size) {
        return {};
    }
    const char *text = file.data() + strings.sh_offset + offset;
    return {text, ::strnlen(text, strings.sh_size - offset)};
}

std::string demangled(const std::string &name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void *)> text(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
    return status == 0 ? text.get() : name;
}

}  // namespace

Symbols::Functions Symbols::read(const std::string &path) {
    Env &env = Env::posix();
    const auto opened = env.open(path, VARVE_FILE_READ);
    if (!opened.ok()) return {};
    const auto size = (*opened)->size();
    if (!size.ok()) return {};
    const auto mapped = (*opened)->map(*size);
    if (!mapped.ok()) return {};
    const std::span<const char> file = (*mapped)->bytes();
    const auto headers = array_at<Elf64_Ehdr>(file, 0, 1);
    if (headers.empty() || std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0) return {};
    const auto sections = array_at<Elf64_Shdr>(file, headers[0].e_shoff, headers[0].e_shnum);
    Functions functions;
    // A stripped file has only its dynamic symbols.
    for (const uint32_t wanted : {SHT_SYMTAB, SHT_DYNSYM}) {
        for (const Elf64_Shdr &section : sections) {
            if (section.sh_type != wanted || section.sh_link >= sections.size()) continue;
            const uint64_t count = section.sh_size / sizeof(Elf64_Sym);
            for (const Elf64_Sym &symbol : array_at<Elf64_Sym>(file, section.sh_offset, count)) {
                if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_size == 0) continue;
                functions.push_back({symbol.st_value, symbol.st_value + symbol.st_size,
                                     text_at(file, sections[section.sh_link], symbol.st_name)});
            }
        }
        if (!functions.empty()) break;
    }
    std::sort(functions.begin(), functions.end(),
              [](const Function &a, const Function &b) { return a.start < b.start; });
    return functions;
}

std::string Symbols::name(uint64_t address) {
    Place place;
    place.address = address;
    ::dl_iterate_phdr(visit_module, &place);
    if (!place.found) return {};
    auto file = files_.find(place.path);
    if (file == files_.end()) file = files_.emplace(place.path, read(place.path)).first;
    const uint64_t own = address - place.base;
    const Functions &functions = file->second;
    auto behind = std::upper_bound(
        functions.begin(), functions.end(), own,
        [](uint64_t wanted, const Function &function) { return wanted < function.start; });
    if (behind == functions.begin()) return {};
    --behind;
    return own < behind->end ? demangled(behind->name) : std::string();
}

}  // namespace varve::monitor
