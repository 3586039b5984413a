#include "base/env.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "base/assert.hpp"

namespace varve {
namespace {

Status io_status(const char *operation, const std::string &path, int error) {
    Code code = Code::io_error;
    if (error == ENOENT || error == ENOTDIR) code = Code::not_found;
    if (error == EEXIST) code = Code::already_exists;
    if (error == EACCES || error == EPERM) code = Code::permission_denied;
    if (error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE) {
        code = Code::resource_exhausted;
    }
    char words[128];
    return Status(
        code, std::string(operation) + " " + path + ": " + strerror_r(error, words, sizeof words));
}

class PosixMapping final : public MappedFile {
  public:
    PosixMapping(void *data, uint64_t size) : data_(data), size_(size) {}
    ~PosixMapping() override {
        if (size_ != 0) ::munmap(data_, size_);
    }
    std::span<const char> bytes() const override {
        return {static_cast<const char *>(data_), size_};
    }

  private:
    void *data_;
    uint64_t size_;
};

class PosixFile final : public File {
  public:
    PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    ~PosixFile() override { ::close(fd_); }

    Result<uint64_t> read_at(uint64_t offset, void *out, uint64_t size) override {
        uint64_t done = 0;
        while (done < size) {
            const ssize_t n = ::pread(fd_, static_cast<char *>(out) + done, size - done,
                                      static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return io_status("read", path_, errno);
            if (n == 0) break;
            done += static_cast<uint64_t>(n);
        }
        return done;
    }

    Status write_at(uint64_t offset, std::span<const varve_bytes> parts) override {
        std::vector<iovec> pieces;
        pieces.reserve(parts.size());
        for (const varve_bytes &part : parts) {
            if (part.size != 0) pieces.push_back({const_cast<void *>(part.data), part.size});
        }
        for (size_t at = 0; at < pieces.size();) {
            const int count = static_cast<int>(std::min<size_t>(pieces.size() - at, 1024));
            ssize_t n = ::pwritev(fd_, &pieces[at], count, static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return io_status("write", path_, errno);
            offset += static_cast<uint64_t>(n);
            while (at < pieces.size() && static_cast<size_t>(n) >= pieces[at].iov_len) {
                n -= static_cast<ssize_t>(pieces[at++].iov_len);
            }
            if (n > 0) {
                pieces[at].iov_base = static_cast<char *>(pieces[at].iov_base) + n;
                pieces[at].iov_len -= static_cast<size_t>(n);
            }
        }
        return {};
    }

    Status sync() override {
        return ::fdatasync(fd_) == 0 ? Status() : io_status("fdatasync", path_, errno);
    }

    Status truncate(uint64_t size) override {
        return ::ftruncate(fd_, static_cast<off_t>(size)) == 0
                   ? Status()
                   : io_status("truncate", path_, errno);
    }

    Status allocate(uint64_t size) override {
        const int error = ::posix_fallocate(fd_, 0, static_cast<off_t>(size));
        return error == 0 ? Status() : io_status("allocate", path_, error);
    }

    Result<uint64_t> size() override {
        struct stat info {};
        if (::fstat(fd_, &info) != 0) return io_status("stat", path_, errno);
        return static_cast<uint64_t>(info.st_size);
    }

    Result<std::unique_ptr<MappedFile>> map(uint64_t size) override {
        void *data = nullptr;
        if (size != 0) {
            data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd_, 0);
            if (data == MAP_FAILED) return io_status("map", path_, errno);
        }
        return std::unique_ptr<MappedFile>(std::make_unique<PosixMapping>(data, size));
    }

  private:
    int fd_;
    std::string path_;
};

int open_flags(uint32_t flags) {
    int mode = O_CLOEXEC;
    mode |= (flags & VARVE_FILE_WRITE) != 0 ? O_RDWR : O_RDONLY;
    if ((flags & VARVE_FILE_CREATE) != 0) mode |= O_CREAT;
    if ((flags & VARVE_FILE_EXCLUSIVE) != 0) mode |= O_EXCL;
    if ((flags & VARVE_FILE_TRUNCATE) != 0) mode |= O_TRUNC;
    return mode;
}

int64_t clock_ns(clockid_t id) {
    timespec now{};
    ::clock_gettime(id, &now);
    return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

class PosixEnv final : public Env {
  public:
    Result<std::unique_ptr<File>> open(const std::string &path, uint32_t flags) override {
        const int fd = ::open(path.c_str(), open_flags(flags), 0640);
        if (fd < 0) return io_status("open", path, errno);
        return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
    }

    Status rename(const std::string &from, const std::string &to) override {
        return ::rename(from.c_str(), to.c_str()) == 0 ? Status()
                                                       : io_status("rename", from, errno);
    }

    Status remove(const std::string &path) override {
        return ::remove(path.c_str()) == 0 ? Status() : io_status("remove", path, errno);
    }

    Status link(const std::string &from, const std::string &to) override {
        return ::link(from.c_str(), to.c_str()) == 0 ? Status() : io_status("link", to, errno);
    }

    Status make_directory(const std::string &path) override {
        for (size_t end = path.find('/', 1); end != std::string::npos;
             end = path.find('/', end + 1)) {
            ::mkdir(path.substr(0, end).c_str(), 0750);
        }
        if (::mkdir(path.c_str(), 0750) == 0) return {};
        const int error = errno;
        struct stat info {};
        if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
        return io_status("make directory", path, error);
    }

    Result<std::vector<std::string>> list(const std::string &path) override {
        DIR *directory = ::opendir(path.c_str());
        if (directory == nullptr) return io_status("list", path, errno);
        std::vector<std::string> names;
        while (const dirent *entry = ::readdir(directory)) {
            std::string name = entry->d_name;
            if (name == "." || name == "..") continue;
            struct stat info {};
            if (::stat((path + "/" + name).c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
                name += '/';
            }
            names.push_back(std::move(name));
        }
        ::closedir(directory);
        return names;
    }

    Status sync_directory(const std::string &path) override {
        const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return io_status("open", path, errno);
        const int failed = ::fsync(fd) == 0 ? 0 : errno;
        ::close(fd);
        return failed == 0 ? Status() : io_status("fsync", path, failed);
    }

    Result<uint64_t> free_space(const std::string &path) override {
        struct statvfs info {};
        if (::statvfs(path.c_str(), &info) != 0) return io_status("statvfs", path, errno);
        return static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
    }

    int64_t now_ns() override { return clock_ns(CLOCK_REALTIME); }
    int64_t monotonic_ns() override { return clock_ns(CLOCK_MONOTONIC); }

    void random(void *out, uint64_t size) override {
        auto *at = static_cast<char *>(out);
        while (size > 0) {
            const ssize_t n = ::getrandom(at, size, 0);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) fatal("getrandom failed; the kernel must offer random numbers");
            at += n;
            size -= static_cast<uint64_t>(n);
        }
    }
};

}  // namespace

Env &Env::posix() {
    static PosixEnv env;
    return env;
}

Result<std::string> read_file(Env &env, const std::string &path) {
    auto file = env.open(path, VARVE_FILE_READ);
    if (!file.ok()) return file.status();
    auto size = (*file)->size();
    if (!size.ok()) return size.status();
    std::string content(*size, '\0');
    auto got = (*file)->read_at(0, content.data(), content.size());
    if (!got.ok()) return got.status();
    content.resize(*got);
    return content;
}

Status write_file_durably(Env &env, const std::string &path, std::string_view content) {
    const std::string temporary = path + ".tmp";
    {
        auto file = env.open(temporary, VARVE_FILE_WRITE | VARVE_FILE_CREATE | VARVE_FILE_TRUNCATE);
        if (!file.ok()) return file.status();
        const varve_bytes part{content.data(), content.size()};
        VARVE_RETURN_IF_ERROR((*file)->write_at(0, {&part, 1}));
        VARVE_RETURN_IF_ERROR((*file)->sync());
    }
    VARVE_RETURN_IF_ERROR(env.rename(temporary, path));
    const size_t slash = path.rfind('/');
    return env.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace varve
