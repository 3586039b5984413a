// Who is told of what the engine runs. Called from many threads at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.hpp"

namespace varve::query {

// Lives for the call.
struct FinishedStatement {
    std::string_view text;  // normalised, passwords as [REDACTED]
    std::string_view database;
    std::string_view principal;
    int64_t duration_ns = 0;
    uint64_t rows = 0;  // given to the encoder
    const Status &status;
};

class Observer {
  public:
    virtual ~Observer() = default;
    // A request whose statements are allowed; its end follows.
    virtual void request_started() = 0;
    virtual void request_finished(int64_t duration_ns) = 0;
    // A statement is about to run.
    virtual void statement_started(std::string_view text, std::string_view database,
                                   std::string_view principal) = 0;
    virtual void statement_finished(const FinishedStatement &statement) = 0;
};

}  // namespace varve::query
