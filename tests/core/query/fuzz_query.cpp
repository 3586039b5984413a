// Any text, asked of an engine with a little data: it always answers, in JSON that ends well, and
// within its limits.
#include <cstdio>
#include <cstdlib>

#include "support/query_bench.hpp"

namespace {

varve::test::QueryBench &bench() {
    static varve::query::Limits limits = [] {
        varve::query::Limits small;
        small.max_select_buckets = 2000;
        small.memory = 16 << 20;
        return small;
    }();
    static varve::test::QueryBench made(limits);
    return made;
}

void fill() {
    bench().write(
        "cpu,host=a,region=us v=1,n=10i 0\ncpu,host=a,region=us v=2,n=20i 10\n"
        "cpu,host=b,region=eu v=3,n=5i 0\ncpu,host=b,region=eu s=\"hi\",bo=true 50\n"
        "mem,host=a used=1.5,free=7i 5\ntwo a=1 1\ntwo b=2 11\ntf,v=tagv v=1.5,w=\"x\" 3\n"
        "big x=1e21,y=1e-7,i=9223372036854775807i,u=18446744073709551615u 1\n",
        "d");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint64_t runs = 0;
    // Statements of the corpus drop and change things, so the data is made anew now and then.
    if (runs++ % 16 == 0) fill();
    const std::string text(reinterpret_cast<const char *>(data), size);
    varve::test::QueryBench::Ask ask;
    ask.chunk_size = runs % 3;
    const std::string answer = bench().ask(text, ask);
    // No statements give no chunks.
    const bool complete =
        answer.empty() ? ask.chunk_size != 0 : answer.front() == '{' && answer.back() == '}';
    if (!bench().ended_well || !complete) {
        std::fprintf(stderr, "no answer to:\n%s\n%s\n", text.c_str(), answer.c_str());
        std::abort();
    }
    return 0;
}
