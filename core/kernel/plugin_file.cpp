#include "kernel/plugin_file.hpp"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <span>
#include <string_view>

#include <varve/build_id.h>

#include "base/env.hpp"

namespace varve {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
#error "Varve runs on x86-64 and arm64"
#endif

constexpr uint8_t kBuildId[16] = VARVE_BUILD_ID;

std::string machine_name(uint16_t machine) {
    switch (machine) {
        case EM_X86_64:
            return "x86-64";
        case EM_AARCH64:
            return "arm64";
        case EM_386:
            return "i386";
        case EM_ARM:
            return "arm";
        case EM_RISCV:
            return "riscv";
        default:
            return "machine " + std::to_string(machine);
    }
}

Status refuse(const std::string &expected, const std::string &found) {
    return {Code::failed_precondition, "expected " + expected + ", found " + found};
}

Status check_permissions(const std::string &path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return refuse("a readable file", std::string(std::strerror(errno)));
    }
    if (!S_ISREG(info.st_mode)) return refuse("a regular file", "something else");
    if ((info.st_mode & S_IWOTH) != 0) {
        return refuse("a file that only its owner may change", "one writable by everybody");
    }
    if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
        return refuse("a file of root or of the server's user",
                      "one of user " + std::to_string(info.st_uid));
    }
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
    if (::stat(folder.c_str(), &info) == 0 && (info.st_mode & S_IWOTH) != 0 &&
        (info.st_mode & S_ISVTX) == 0) {
        return refuse("a directory that only its owner may change",
                      folder + ", writable by everybody");
    }
    return {};
}

// A bounds-checked look at the file's bytes.
template <typename T>
bool read_struct(std::span<const char> file, uint64_t offset, T &out) {
    if (offset > file.size() || file.size() - offset < sizeof out) return false;
    std::memcpy(&out, file.data() + offset, sizeof out);
    return true;
}

Status check_header(std::span<const char> file, Elf64_Ehdr &header) {
    if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) {
        return refuse("an ELF shared library",
                      file.empty() ? "an empty file" : "another kind of file");
    }
    if (!read_struct(file, 0, header)) return refuse("a whole ELF header", "a file cut off in it");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachine) {
        return refuse("a 64-bit library for " + machine_name(kMachine),
                      std::string(header.e_ident[EI_CLASS] == ELFCLASS64 ? "64" : "32") +
                          "-bit for " + machine_name(header.e_machine));
    }
    if (header.e_type != ET_DYN) {
        return refuse("a shared library (ELF type 3)", "ELF type " + std::to_string(header.e_type));
    }
    return {};
}

// Finds the section by name and copies the tag out of it.
Result<varve_abi_tag> find_tag(std::span<const char> file, const Elf64_Ehdr &header) {
    const Status cut = refuse("whole section headers", "a file cut off before their end");
    const auto section_at = [&](uint64_t index, Elf64_Shdr &out) {
        return read_struct(file, header.e_shoff + index * sizeof(Elf64_Shdr), out);
    };
    Elf64_Shdr names{};
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum ||
        !section_at(header.e_shstrndx, names)) {
        return cut;
    }
    if (names.sh_offset > file.size() || file.size() - names.sh_offset < names.sh_size) return cut;
    const std::string_view texts(file.data() + names.sh_offset, names.sh_size);
    for (uint64_t i = 0; i < header.e_shnum; ++i) {
        Elf64_Shdr section{};
        if (!section_at(i, section)) return cut;
        if (section.sh_name >= texts.size()) continue;
        const std::string_view tail = texts.substr(section.sh_name);
        if (tail.substr(0, tail.find('\0')) != VARVE_ABI_SECTION) continue;
        if (section.sh_size != sizeof(varve_abi_tag)) {
            return refuse("an ABI tag of " + std::to_string(sizeof(varve_abi_tag)) + " bytes",
                          std::to_string(section.sh_size) + " bytes");
        }
        varve_abi_tag tag{};
        if (!read_struct(file, section.sh_offset, tag)) return cut;
        return tag;
    }
    return refuse("a section " VARVE_ABI_SECTION, "none: this is no Varve plugin");
}

}  // namespace

Status check_abi_tag(const varve_abi_tag &tag) {
    if (tag.magic != VARVE_ABI_MAGIC) {
        return refuse("ABI magic " + std::to_string(VARVE_ABI_MAGIC), std::to_string(tag.magic));
    }
    if (tag.tag_size != sizeof tag) {
        return refuse("an ABI tag that says " + std::to_string(sizeof tag) + " bytes",
                      std::to_string(tag.tag_size));
    }
    if (tag.abi_major != VARVE_ABI_MAJOR) {
        return refuse(
            "ABI major version " + std::to_string(VARVE_ABI_MAJOR),
            std::to_string(tag.abi_major) + " (build the plugin against this server's SDK)");
    }
    if (tag.abi_minor > VARVE_ABI_MINOR) {
        return refuse("ABI version at most " + std::to_string(VARVE_ABI_MAJOR) + '.' +
                          std::to_string(VARVE_ABI_MINOR),
                      std::to_string(tag.abi_major) + '.' + std::to_string(tag.abi_minor) +
                          " (the plugin is newer than this server)");
    }
    if ((tag.flags & VARVE_ABI_USES_DRAFTS) != 0 &&
        std::memcmp(tag.build_id, kBuildId, sizeof kBuildId) != 0) {
        return refuse("draft headers of this server's build", "those of another build");
    }
    return {};
}

Result<varve_abi_tag> read_plugin_tag(const std::string &path) {
    VARVE_RETURN_IF_ERROR(check_permissions(path));
    auto file = Env::posix().open(path, VARVE_FILE_READ);
    if (!file.ok()) return file.status();
    auto size = (*file)->size();
    if (!size.ok()) return size.status();
    auto mapping = (*file)->map(*size);
    if (!mapping.ok()) return mapping.status();
    const std::span<const char> bytes = (*mapping)->bytes();
    Elf64_Ehdr header{};
    VARVE_RETURN_IF_ERROR(check_header(bytes, header));
    auto tag = find_tag(bytes, header);
    if (!tag.ok()) return tag;
    VARVE_RETURN_IF_ERROR(check_abi_tag(*tag));
    return tag;
}

}  // namespace varve
