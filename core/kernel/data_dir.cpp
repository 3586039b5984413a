#include "kernel/data_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace varve {
namespace {

std::string hex(uint64_t number) {
    char text[17];
    std::snprintf(text, sizeof text, "%016" PRIx64, number);
    return text;
}

std::string render_identity(uint64_t hash_seed) {
    const std::string head = "varve 1\nhash_seed " + hex(hash_seed) + '\n';
    return head + "checksum " + hex(XXH3_64bits(head.data(), head.size())) + '\n';
}

}  // namespace

Result<std::unique_ptr<DataDir>> DataDir::open(const std::string &path, Env &env, Log &log) {
    VARVE_RETURN_IF_ERROR(env.make_directory(path));
    const std::string lock_path = path + "/LOCK";
    const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        return Status(Code::io_error, "open " + lock_path + ": " + std::strerror(errno));
    }
    std::unique_ptr<DataDir> made(new DataDir(path, fd));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        return Status(Code::failed_precondition,
                      "the data directory " + path + " is in use by another server");
    }
    VARVE_RETURN_IF_ERROR(made->read_identity(env, log));
    return made;
}

DataDir::~DataDir() {
    ::close(lock_fd_);
}

Status DataDir::read_identity(Env &env, Log &log) {
    const std::string file = path_ + "/VARVE";
    auto content = read_file(env, file);
    if (content.ok()) {
        uint64_t seed = 0;
        const bool parsed =
            std::sscanf(content->c_str(), "varve 1\nhash_seed %16" SCNx64, &seed) == 1;
        if (parsed && *content == render_identity(seed)) {
            hash_seed_ = seed;
            return {};
        }
        VARVE_RETURN_IF_ERROR(env.make_directory(quarantine()));
        const std::string target = quarantine() + "/VARVE-" + std::to_string(env.now_ns());
        VARVE_RETURN_IF_ERROR(env.rename(file, target));
        log.error("the data directory's identity was damaged; a new hash seed is made",
                  {{"path", file}, {"to", target}});
    } else if (content.code() != Code::not_found) {
        return content.status();
    }
    env.random(&hash_seed_, sizeof hash_seed_);
    return write_file_durably(env, file, render_identity(hash_seed_));
}

}  // namespace varve
