// The limit that point numbers are reserved up to, in a file of 8 bytes, little-endian:
// <data dir>/<instance>/point-numbers
#pragma once

#include <string>

#include <varve/cpp/host.hpp>

namespace varve {

class NumberFile {
  public:
    explicit NumberFile(const Host &host);

    // 0 if there is none, or it makes no sense.
    Result<int64_t> read() const;
    // Durable when it returns. [one thread at a time]
    Status write(int64_t limit) const;

  private:
    Result<varve_file *> open(uint32_t flags) const;

    Host host_;
    std::string folder_;
    std::string path_;
};

}  // namespace varve
