// Rows that the server itself makes, written and waited for.
#pragma once

#include <string>

#include "kernel/host/services.hpp"
#include "write/row_batch.hpp"

namespace varve {

// Who made them; see WriteService::submit and submit_computed.
enum class RowsOf : uint8_t { query, continuous_query_08 };

struct WriteTarget {
    std::string database;
    std::string retention_policy;  // empty = the database's default
};

// Writes the rows so far; nothing if there are none. What was dropped in part is
// failed_precondition, with the text that a sender is told. May block: not for io threads.
Status write_rows(RowBatch &rows, WriteService &writes, RowsOf maker, const WriteTarget &target);

}  // namespace varve
