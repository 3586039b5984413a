#include "write/write_rows.hpp"

#include <future>

#include <varve/cpp/bytes.hpp>

namespace varve {

namespace {

void answer(void *ctx, const varve_write_outcome *outcome) {
    const bool whole = outcome->code == VARVE_OK && outcome->dropped == 0;
    const auto code =
        outcome->code == VARVE_OK ? Code::failed_precondition : static_cast<Code>(outcome->code);
    static_cast<std::promise<Status> *>(ctx)->set_value(
        whole ? Status() : Status(code, std::string(view(outcome->error))));
}

}  // namespace

Status write_rows(RowBatch &rows, WriteService &writes, RowsOf maker, const WriteTarget &target) {
    varve_batch *batch = rows.finish(writes.hash_seed());
    if (batch == nullptr) return {};
    varve_write_request request{};
    request.struct_size = sizeof request;
    request.database = str(target.database);
    request.retention_policy = str(target.retention_policy);
    std::promise<Status> promise;
    auto written = promise.get_future();
    if (maker == RowsOf::query) {
        writes.submit(batch, request, answer, &promise);
    } else {
        writes.submit_computed(batch, request, answer, &promise);
    }
    return written.get();
}

}  // namespace varve
