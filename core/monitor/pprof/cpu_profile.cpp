#include "monitor/pprof/cpu_profile.hpp"

#include <gperftools/profiler.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

namespace varve::monitor {
namespace {

// The sampler is the process's, and so is its owner.
std::mutex &sampler_mutex() {
    static std::mutex mutex;
    return mutex;
}

bool &is_sampling() {  // guarded by sampler_mutex()
    static bool sampling = false;
    return sampling;
}

}  // namespace

Result<std::unique_ptr<CpuProfile>> CpuProfile::start() {
    const std::scoped_lock lock(sampler_mutex());
    if (is_sampling()) {
        return Status(Code::already_exists, "cpu profiling already in use");
    }
    const int fd = ::memfd_create("cpu-profile", MFD_CLOEXEC);
    if (fd < 0) {
        return Status(Code::io_error,
                      std::string("cannot make a file in memory: ") + std::strerror(errno));
    }
    // The sampler wants a path.
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    if (::ProfilerStart(path.c_str()) == 0) {
        ::close(fd);
        return Status(Code::failed_precondition, "the cpu profiler does not start");
    }
    is_sampling() = true;
    return std::unique_ptr<CpuProfile>(new CpuProfile(fd));
}

CpuProfile::~CpuProfile() {
    (void)finish();
    ::close(fd_);
}

Result<std::string> CpuProfile::finish() {
    {
        const std::scoped_lock lock(sampler_mutex());
        if (running_) {
            ::ProfilerStop();
            is_sampling() = false;
            running_ = false;
        }
    }
    std::string profile;
    char piece[16384];
    for (off_t offset = 0;;) {
        const ssize_t got = ::pread(fd_, piece, sizeof piece, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Status(Code::io_error, "cannot read the profile back");
        if (got == 0) return profile;
        profile.append(piece, static_cast<size_t>(got));
        offset += got;
    }
}

}  // namespace varve::monitor
