// Any bytes as lines, and the first line also as a template: no crash, and a codec that remembers
// the paths gives the same as one that sees them for the first time.
#include <cstdlib>

#include "plugins/common/graphite_text/dump.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    varve::graphite_text::Options options;
    options.templates = {std::string(text.substr(0, text.find('\n')))};
    options.tags = {"dc=x1"};
    auto codec = varve::graphite_text::Codec::make(options);
    if (!codec.ok()) {
        options.templates = {"a.* .host.measurement.field*", "host.measurement*"};
        codec = varve::graphite_text::Codec::make(options);
    }
    codec->read(text, 1'700'000'000'000'000'000);
    const std::string first = varve::dump_parsed(codec->finish(0));
    codec->read(text, 1'800'000'000'000'000'000);
    const std::string again = varve::dump_parsed(codec->finish(0));
    auto fresh = varve::graphite_text::Codec::make(options);
    fresh->read(text, 1'800'000'000'000'000'000);
    if (varve::dump_parsed(fresh->finish(0)) != again) {
        std::fprintf(stderr, "remembering changed the result:\n%s\n", first.c_str());
        std::abort();
    }
    return 0;
}
