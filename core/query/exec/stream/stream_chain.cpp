#include "query/exec/stream/stream_chain.hpp"

#include <cmath>

#include "query/exec/function_input.hpp"

namespace varve::query::exec {

namespace {

constexpr uint32_t kRowsPerFlush = 1024;

void append(Vector &column, uint64_t bits) {
    column.append_null(1);
    column.set(column.valid.size() - 1, bits);
}

// Between functions what is no number stays so; behind the last one it is null.
void drop_nan(Vector &column) {
    if (column.type != Type::floating) return;
    for (size_t row = 0; row < column.valid.size(); ++row) {
        if (std::isnan(column.number(row))) column.valid[row] = 0;
    }
}

}  // namespace

StreamChain::StreamChain(const plan::Select &input, const plan::Stream &stream, Budget &budget)
    : budget_(budget), windows_(input.window, input.range) {
    context_.struct_size = sizeof context_;
    context_.descending = input.ascending ? 0 : 1;
    context_.interval_ns = input.window.interval_ns;
    context_.ctx = this;
    context_.bucket_of = [](void *ctx, int64_t time, int64_t *start, int64_t *end) {
        const Bucket bucket = static_cast<StreamChain *>(ctx)->windows_.bucket_of(time);
        *start = bucket.start_ns;
        *end = bucket.end_ns;
    };
    if (windows_.is_calendar()) {
        context_.bucket_number = [](void *ctx, int64_t time) {
            return static_cast<StreamChain *>(ctx)->windows_.calendar().number_of(time);
        };
        context_.bucket_start = [](void *ctx, int64_t number) {
            return static_cast<StreamChain *>(ctx)->windows_.calendar().start_of(number);
        };
    }
    Type type = input.aggregates.empty() ? input.inputs.front().type : input.aggregates[0].type;
    for (const plan::StreamCall &call : stream.calls) {
        Stage stage;
        stage.function = call.function;
        stage.arguments = bind_arguments(call.arguments, type);
        type = static_cast<Type>(call.function->result_type(static_cast<uint32_t>(type)));
        stage.type = type;
        stages_.push_back(std::move(stage));
    }
}

StreamChain::~StreamChain() = default;

Status StreamChain::begin() {
    arena_ = std::make_unique<Arena>(budget_);
    for (Stage &stage : stages_) {
        stage.state = static_cast<char *>(
            arena_->allocate(stage.function->state_size, stage.function->state_align));
        if (stage.state == nullptr) return arena_->status();
        stage.function->init(stage.state, stage.arguments.data(),
                             static_cast<uint32_t>(stage.arguments.size()));
        stage.function->stream_begin(stage.state, &context_);
    }
    return {};
}

Status StreamChain::exhausted() const {
    if (!arena_->status().ok()) return arena_->status();
    return {Code::resource_exhausted, "query.memory limit exceeded"};
}

Status StreamChain::feed(size_t stage_index, StreamRows &rows) const {
    const Stage &stage = stages_[stage_index];
    const size_t count = rows.times.size();
    const ColumnCopy copy(rows.values, count);
    std::vector<int64_t> times(count);
    std::vector<uint64_t> values(count);
    varve_stream_rows out{times.data(), values.data(), static_cast<uint32_t>(count), 0};
    const int32_t code =
        stage.function->stream_rows(stage.state, &copy.column(), rows.times.data(),
                                    static_cast<uint32_t>(count), arena_->table(), &out);
    if (code != VARVE_OK) return exhausted();
    times.resize(out.count);
    rows.times = std::move(times);
    rows.values.reset(stage.type, 0);
    for (uint32_t i = 0; i < out.count; ++i) append(rows.values, values[i]);
    return {};
}

Status StreamChain::flush(size_t stage_index, StreamRows &out) const {
    const Stage &stage = stages_[stage_index];
    out = {};
    out.values.reset(stage.type, 0);
    if (stage.function->stream_flush == nullptr) return {};
    std::vector<int64_t> times(kRowsPerFlush);
    std::vector<uint64_t> values(kRowsPerFlush);
    for (;;) {
        varve_stream_rows rows{times.data(), values.data(), kRowsPerFlush, 0};
        if (stage.function->stream_flush(stage.state, arena_->table(), &rows) != VARVE_OK) {
            return exhausted();
        }
        VARVE_RETURN_IF_ERROR(budget_.check());
        if (rows.count == 0) return {};
        for (uint32_t i = 0; i < rows.count; ++i) {
            out.times.push_back(times[i]);
            append(out.values, values[i]);
        }
    }
}

Status StreamChain::rows(std::span<const int64_t> times, const Vector &values, StreamRows &out) {
    out.times.assign(times.begin(), times.end());
    out.values = values;
    for (size_t stage = 0; stage < stages_.size() && !out.times.empty(); ++stage) {
        VARVE_RETURN_IF_ERROR(feed(stage, out));
    }
    drop_nan(out.values);
    return {};
}

Status StreamChain::end(StreamRows &out) {
    out = {};
    // What a function has left goes through those behind it, before they end themselves.
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
        StreamRows more;
        if (!out.times.empty()) VARVE_RETURN_IF_ERROR(feed(stage, out));
        VARVE_RETURN_IF_ERROR(flush(stage, more));
        if (out.times.empty()) {
            out = std::move(more);
            continue;
        }
        for (size_t row = 0; row < more.times.size(); ++row) {
            out.times.push_back(more.times[row]);
            out.values.append_from(more.values, row);
        }
    }
    drop_nan(out.values);
    return {};
}

}  // namespace varve::query::exec
