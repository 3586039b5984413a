// Compresses answers with gzip.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace varve::http {

// Smaller bodies don't win anything.
constexpr size_t kCompressMin = 1024;

// Whether bodies of this media type shrink: text, JSON, XML, scripts, MessagePack; not event
// streams, which must arrive at once.
bool is_compressible(std::string_view content_type);

// The body as one gzip member; empty if that would not be smaller.
std::string gzip_compressed(std::string_view body);

// One gzip member in pieces; each piece can be decoded as soon as it arrives.
class GzipStream {
  public:
    GzipStream();
    ~GzipStream();
    std::string add(std::string_view piece);
    std::string finish();

  private:
    struct State;
    std::string run(std::string_view piece, int flush);
    std::unique_ptr<State> state_;
};

}  // namespace varve::http
