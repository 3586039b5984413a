#include "storage/strata/files/files.hpp"

#include <algorithm>
#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace varve::strata {
namespace {

constexpr uint64_t kCopySize = 1 << 20;

template <typename Call>
Status checked(Call call) {
    varve_error error = abi_error();
    const int32_t code = call(&error);
    return Status::from_abi(code, error);
}

}  // namespace

uint64_t checksum(std::string_view bytes, uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint64_t Uuid::seed() const {
    return XXH3_64bits(this, sizeof *this);
}

OpenFile::OpenFile(OpenFile &&other) noexcept
    : table_(other.table_), file_(std::exchange(other.file_, nullptr)) {}

OpenFile &OpenFile::operator=(OpenFile &&other) noexcept {
    std::swap(table_, other.table_);
    std::swap(file_, other.file_);
    return *this;
}

OpenFile::~OpenFile() {
    if (file_ != nullptr) table_->close(file_);
}

Status OpenFile::read_exactly(uint64_t offset, void *out, uint64_t size) const {
    uint64_t got = 0;
    VARVE_RETURN_IF_ERROR(checked([&](varve_error *error) {
        return table_->read_at(file_, offset, out, size, &got, error);
    }));
    if (got == size) return {};
    return {Code::data_loss, "the file ends at " + std::to_string(offset + got) + ", wanted " +
                                 std::to_string(size) + " bytes from " + std::to_string(offset)};
}

Status OpenFile::write(uint64_t offset, std::string_view bytes) {
    const varve_bytes part{bytes.data(), bytes.size()};
    return write(offset, std::span(&part, 1));
}

Status OpenFile::write(uint64_t offset, std::span<const varve_bytes> parts) {
    return checked([&](varve_error *error) {
        return table_->write_at(file_, offset, parts.data(), static_cast<uint32_t>(parts.size()),
                                error);
    });
}

Status OpenFile::sync() {
    return checked([&](varve_error *error) { return table_->sync(file_, error); });
}

Status OpenFile::truncate(uint64_t size) {
    return checked([&](varve_error *error) { return table_->truncate(file_, size, error); });
}

Result<uint64_t> OpenFile::size() const {
    uint64_t size = 0;
    Status status = checked([&](varve_error *error) { return table_->size(file_, &size, error); });
    if (!status.ok()) return status;
    return size;
}

FileView::FileView(FileView &&other) noexcept
    : host_(other.host_), table_(other.table_), view_(std::exchange(other.view_, {})) {}

FileView &FileView::operator=(FileView &&other) noexcept {
    std::swap(host_, other.host_);
    std::swap(table_, other.table_);
    std::swap(view_, other.view_);
    return *this;
}

FileView::~FileView() {
    if (view_.handle != nullptr) table_->unmap(host_, &view_);
}

Result<FileView> Files::map(const std::string &path) const {
    auto file = open(path, VARVE_FILE_READ);
    if (!file.ok()) return file.status();
    auto size = file->size();
    if (!size.ok()) return size.status();
    varve_file_view mapped{};
    Status status = checked(
        [&](varve_error *error) { return table_->map(file->file_, *size, &mapped, error); });
    if (!status.ok()) return status;
    return FileView(host_.raw(), table_, mapped);
}

Result<OpenFile> Files::open(const std::string &path, uint32_t flags) const {
    varve_file *file = nullptr;
    Status status = checked([&](varve_error *error) {
        return table_->open(host_.raw(), path.c_str(), flags, &file, error);
    });
    if (!status.ok()) return status;
    return OpenFile(table_, file);
}

Result<std::string> Files::read_all(const std::string &path) const {
    auto file = open(path, VARVE_FILE_READ);
    if (!file.ok()) return file.status();
    auto size = file->size();
    if (!size.ok()) return size.status();
    std::string content(*size, '\0');
    if (Status status = file->read_exactly(0, content.data(), *size); !status.ok()) {
        return status.with_context(path);
    }
    return content;
}

Status Files::write_whole(const std::string &path, std::string_view bytes) const {
    const std::string temporary = path + ".tmp";
    {
        auto file = open(temporary, VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
        if (!file.ok()) return file.status();
        VARVE_RETURN_IF_ERROR(file->write(0, bytes));
        VARVE_RETURN_IF_ERROR(file->sync());
    }
    VARVE_RETURN_IF_ERROR(rename(temporary, path));
    return sync_directory(parent_of(path));
}

Status Files::rename(const std::string &from, const std::string &to) const {
    return checked([&](varve_error *error) {
        return table_->rename(host_.raw(), from.c_str(), to.c_str(), error);
    });
}

Status Files::remove(const std::string &path) const {
    return checked(
        [&](varve_error *error) { return table_->remove(host_.raw(), path.c_str(), error); });
}

Status Files::link_or_copy(const std::string &from, const std::string &to) const {
    const Status linked = checked([&](varve_error *error) {
        return table_->link(host_.raw(), from.c_str(), to.c_str(), error);
    });
    if (linked.ok() || linked.code() == Code::already_exists) return linked;
    auto source = open(from, VARVE_FILE_READ);
    if (!source.ok()) return source.status();
    const auto size = source->size();
    if (!size.ok()) return size.status();
    auto target = open(to, VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
    if (!target.ok()) return target.status();
    std::string part;
    for (uint64_t at = 0; at < *size; at += part.size()) {
        part.resize(std::min<uint64_t>(kCopySize, *size - at));
        VARVE_RETURN_IF_ERROR(source->read_exactly(at, part.data(), part.size()));
        VARVE_RETURN_IF_ERROR(target->write(at, part));
    }
    return target->sync();
}

Result<uint64_t> Files::sum_of(const std::string &path) const {
    auto source = open(path, VARVE_FILE_READ);
    if (!source.ok()) return source.status();
    const auto size = source->size();
    if (!size.ok()) return size.status();
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         &XXH3_freeState);
    XXH3_64bits_reset(state.get());
    std::string part;
    for (uint64_t at = 0; at < *size; at += part.size()) {
        part.resize(std::min<uint64_t>(kCopySize, *size - at));
        const Status status = source->read_exactly(at, part.data(), part.size());
        if (!status.ok()) return status.with_context(path);
        XXH3_64bits_update(state.get(), part.data(), part.size());
    }
    return XXH3_64bits_digest(state.get());
}

Status Files::make_directory(const std::string &path) const {
    return checked([&](varve_error *error) {
        return table_->make_directory(host_.raw(), path.c_str(), error);
    });
}

Status Files::sync_directory(const std::string &path) const {
    return checked([&](varve_error *error) {
        return table_->sync_directory(host_.raw(), path.c_str(), error);
    });
}

Result<std::vector<std::string>> Files::list(const std::string &path) const {
    std::string raw;
    const varve_sink sink{&raw, [](void *ctx, const char *data, uint64_t size) {
                              static_cast<std::string *>(ctx)->append(data, size);
                          }};
    Status status = checked(
        [&](varve_error *error) { return table_->list(host_.raw(), path.c_str(), sink, error); });
    std::vector<std::string> names;
    if (status.code() == Code::not_found) return names;
    if (!status.ok()) return status;
    for (size_t at = 0; at < raw.size();) {
        names.emplace_back(raw.c_str() + at);
        at += names.back().size() + 1;
    }
    std::sort(names.begin(), names.end());
    return names;
}

Status Files::remove_tree(const std::string &path) const {
    auto names = list(path);
    if (!names.ok()) return names.status();
    for (const std::string &name : *names) {
        const Status status = name.back() == '/'
                                  ? remove_tree(path + "/" + name.substr(0, name.size() - 1))
                                  : remove(path + "/" + name);
        if (!status.ok() && status.code() != Code::not_found) return status;
    }
    const Status status = remove(path);
    return status.code() == Code::not_found ? Status() : status;
}

Uuid Files::random_uuid() const {
    Uuid uuid;
    host_.service<varve_host_clock>(VARVE_HOST_CLOCK_ID)->random(host_.raw(), &uuid, sizeof uuid);
    return uuid;
}

uint64_t number_in_name(std::string_view name, std::string_view prefix, std::string_view suffix) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return 0;
    if (name.size() <= prefix.size() + suffix.size()) return 0;
    name.remove_prefix(prefix.size());
    name.remove_suffix(suffix.size());
    uint64_t number = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), number);
    return end.ec == std::errc() && end.ptr == name.data() + name.size() ? number : 0;
}

std::string parent_of(const std::string &path) {
    return path.substr(0, path.rfind('/'));
}

}  // namespace varve::strata
