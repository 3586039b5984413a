// Where encoded bytes go.
#pragma once

#include <string_view>

#include "base/status.hpp"

namespace varve::query::encode {

class ByteSink {
  public:
    virtual ~ByteSink() = default;
    // Returns when the bytes are taken and more may come; cancelled when the reader is gone.
    virtual Status write(std::string_view bytes) = 0;
};

}  // namespace varve::query::encode
