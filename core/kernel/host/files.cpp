// varve_host_file over the Env.
#include <varve/cpp/plugin.hpp>

#include "kernel/host/handle.hpp"

namespace varve {
namespace {

Env &env_of(const varve_host *host) {
    return *HostHandle::from(host).services().env;
}
File &file_of(varve_file *file) {
    return *reinterpret_cast<File *>(file);
}

int32_t file_open(const varve_host *host, const char *path, uint32_t flags, varve_file **out,
                  varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto file = env_of(host).open(path, flags);
        if (!file.ok()) return file.status();
        *out = reinterpret_cast<varve_file *>(file->release());
        return {};
    });
}

void file_close(varve_file *file) {
    delete reinterpret_cast<File *>(file);
}

int32_t file_read_at(varve_file *file, uint64_t offset, void *out, uint64_t size,
                     uint64_t *read_size, varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto got = file_of(file).read_at(offset, out, size);
        if (!got.ok()) return got.status();
        *read_size = *got;
        return {};
    });
}

int32_t file_write_at(varve_file *file, uint64_t offset, const varve_bytes *parts,
                      uint32_t part_count, varve_error *error) {
    return guarded(error, [&] { return file_of(file).write_at(offset, {parts, part_count}); });
}

int32_t file_sync(varve_file *file, varve_error *error) {
    return guarded(error, [&] { return file_of(file).sync(); });
}

int32_t file_truncate(varve_file *file, uint64_t size, varve_error *error) {
    return guarded(error, [&] { return file_of(file).truncate(size); });
}

int32_t file_allocate(varve_file *file, uint64_t size, varve_error *error) {
    return guarded(error, [&] { return file_of(file).allocate(size); });
}

int32_t file_size(varve_file *file, uint64_t *out, varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto size = file_of(file).size();
        if (!size.ok()) return size.status();
        *out = *size;
        return {};
    });
}

int32_t file_map(varve_file *file, uint64_t size, varve_file_view *out, varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto mapping = file_of(file).map(size);
        if (!mapping.ok()) return mapping.status();
        out->data = (*mapping)->bytes().data();
        out->size = size;
        out->handle = mapping->release();
        return {};
    });
}

void file_unmap(const varve_host *, varve_file_view *mapping) {
    delete static_cast<MappedFile *>(mapping->handle);
    *mapping = {};
}

int32_t file_rename(const varve_host *host, const char *from, const char *to, varve_error *error) {
    return guarded(error, [&] { return env_of(host).rename(from, to); });
}

int32_t file_remove(const varve_host *host, const char *path, varve_error *error) {
    return guarded(error, [&] { return env_of(host).remove(path); });
}

int32_t file_link(const varve_host *host, const char *from, const char *to, varve_error *error) {
    return guarded(error, [&] { return env_of(host).link(from, to); });
}

int32_t file_make_directory(const varve_host *host, const char *path, varve_error *error) {
    return guarded(error, [&] { return env_of(host).make_directory(path); });
}

int32_t file_list(const varve_host *host, const char *path, varve_sink names, varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto all = env_of(host).list(path);
        if (!all.ok()) return all.status();
        for (const std::string &name : *all) {
            names.append(names.ctx, name.c_str(), name.size() + 1);
        }
        return {};
    });
}

int32_t file_sync_directory(const varve_host *host, const char *path, varve_error *error) {
    return guarded(error, [&] { return env_of(host).sync_directory(path); });
}

int32_t file_free_space(const varve_host *host, const char *path, uint64_t *out,
                        varve_error *error) {
    return guarded(error, [&]() -> Status {
        auto bytes = env_of(host).free_space(path);
        if (!bytes.ok()) return bytes.status();
        *out = *bytes;
        return {};
    });
}

}  // namespace

const varve_host_file *host_file_table() {
    static const varve_host_file table = {sizeof(varve_host_file),
                                          0,
                                          file_open,
                                          file_close,
                                          file_read_at,
                                          file_write_at,
                                          file_sync,
                                          file_truncate,
                                          file_allocate,
                                          file_size,
                                          file_map,
                                          file_unmap,
                                          file_rename,
                                          file_remove,
                                          file_link,
                                          file_make_directory,
                                          file_list,
                                          file_sync_directory,
                                          file_free_space};
    return &table;
}

}  // namespace varve
