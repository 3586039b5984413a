// Stream functions one behind the other over the rows of one output series.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "query/exec/aggregate/window.hpp"
#include "query/exec/budget.hpp"
#include "query/exec/function_input.hpp"
#include "query/exec/rows/vector.hpp"
#include "query/plan/select.hpp"

namespace varve::query::exec {

struct StreamRows {
    std::vector<int64_t> times;
    Vector values;
};

// One stream, for one series at a time; the select and the stream outlive it.
class StreamChain {
  public:
    StreamChain(const plan::Select &input, const plan::Stream &stream, Budget &budget);
    ~StreamChain();
    StreamChain(const StreamChain &) = delete;
    StreamChain &operator=(const StreamChain &) = delete;

    // Forgets the series before.
    Status begin();
    // Takes rows and gives what comes out of the last function.
    Status rows(std::span<const int64_t> times, const Vector &values, StreamRows &out);
    // What comes after the last row.
    Status end(StreamRows &out);

  private:
    struct Stage {
        const varve_function *function = nullptr;
        std::vector<varve_argument> arguments;
        Type type = Type::none;  // of what comes out
        char *state = nullptr;
    };

    Status exhausted() const;
    Status feed(size_t stage, StreamRows &rows) const;
    Status flush(size_t stage, StreamRows &out) const;

    Budget &budget_;
    const Windows windows_;
    varve_stream_context context_{};
    std::vector<Stage> stages_;
    std::unique_ptr<Arena> arena_;  // of the series at hand
};

}  // namespace varve::query::exec
