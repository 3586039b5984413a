// holt_winters(f(x), h, s): h rows into the future, by damped Holt-Winters with multiplicative
// seasons of s rows (s < 2: none).
//
//  1. The rows of a series are kept until its end and put on the grid of GROUP BY time; what is
//     missing is no number.
//  2. Level l, trend b and seasons begin as means of the first rows. The weights alpha, beta,
//  gamma,
//     phi and these beginnings are fitted: from 16 places the sum of squared errors is minimised,
//     and the best of them stays.
//  3. The model runs over the rows and h further:
//       l' = alpha·y/s + (1−alpha)(l + phi·b)      b' = beta(l' − l) + (1−beta)phi·b
//       s' = gamma·y/(l + phi·b) + (1−gamma)s      next = (l' + Phi·b')·s
//     where Phi grows by phi^t, and y, the value that is fed back, is the model's own last one.
// The seasons are kept in the place that is fitted, and stay there as the model left them.
#include <array>
#include <cmath>
#include <limits>

#include "functions/common/stream_arguments.hpp"
#include "functions/common/stream_rows.hpp"
#include "functions/forecast/forecast_functions.hpp"
#include "functions/forecast/nelder_mead.hpp"

namespace varve::functions {

namespace {

constexpr double kEpsilon = 1e-4;
constexpr double kFirstGuess = 0.5;
constexpr std::array<double, 2> kWeights = {0.3, 0.7};
constexpr size_t kFixed = 6;  // alpha, beta, gamma, phi, level, trend; seasons follow

// x^n by squares. The fit follows the last digit of it, and the C library has another.
double whole_power(double x, uint64_t n) {
    double out = 1;
    for (; n != 0; n >>= 1) {
        if ((n & 1) != 0) out *= x;
        x *= x;
    }
    return out;
}

class Model {
  public:
    Model(const double *rows, size_t row_count, size_t season)
        : rows_(rows), count_(row_count), season_(season >= 2 ? season : 0) {}

    Place fit() const;
    // Over the rows and `ahead` further.
    std::vector<double> run(Place &place, size_t ahead) const;

  private:
    double level() const;
    double trend() const;
    double error(Place &place) const;

    const double *const rows_;
    const size_t count_;
    const size_t season_;  // 0 = none
};

double Model::level() const {
    if (season_ == 0) return kFirstGuess * rows_[0];
    double sum = 0;
    for (size_t i = 0; i < season_; ++i) {
        if (!std::isnan(rows_[i])) sum += (1 / static_cast<double>(season_)) * rows_[i];
    }
    return sum;
}

double Model::trend() const {
    if (season_ == 0) return std::isnan(rows_[1]) ? 0 : kFirstGuess * (rows_[1] - rows_[0]);
    double sum = 0;
    for (size_t i = 0; i < season_ && season_ + i < count_; ++i) {
        const double change = rows_[season_ + i] - rows_[i];
        if (!std::isnan(change)) sum += 1 / static_cast<double>(season_ * season_) * change;
    }
    return sum;
}

std::vector<double> Model::run(Place &place, size_t ahead) const {
    for (size_t i = 0; i < 4; ++i) {
        if (place[i] > 1) place[i] = 1;
        if (place[i] < 0) place[i] = 0;
    }
    const double alpha = place[0];
    const double beta = place[1];
    const double gamma = place[2];
    const double phi = place[3];
    double level = place[4];
    double trend = place[5];
    double *const seasons = place.data() + kFixed;
    double damping = phi;
    double value = rows_[0];
    std::vector<double> out(count_ + ahead);
    out[0] = value;
    size_t turn = season_ == 0 ? 0 : season_ - 1;
    for (size_t t = 1; t < out.size(); ++t) {
        const size_t m = season_;
        const double season = m == 0 ? 1.0 : seasons[(t - m + turn) % m];
        const double next_season = m == 0 ? 1.0 : seasons[(t - m + t % m + turn) % m];
        const double before = level + phi * trend;
        const double new_level = alpha * (value / season) + (1 - alpha) * before;
        const double new_trend = beta * (new_level - level) + (1 - beta) * phi * trend;
        const double new_season = gamma * (value / before) + (1 - gamma) * season;
        value = (new_level + damping * new_trend) * next_season;
        level = new_level;
        trend = new_trend;
        damping += whole_power(phi, t);
        if (m != 0) {
            seasons[(t + turn) % m] = new_season;
            ++turn;
        }
        out[t] = value;
    }
    return out;
}

double Model::error(Place &place) const {
    const std::vector<double> fitted = run(place, 0);
    double sum = 0;
    for (size_t i = 0; i < count_; ++i) {
        if (std::isnan(rows_[i])) continue;
        if (std::isnan(fitted[i])) return std::numeric_limits<double>::infinity();
        const double distance = fitted[i] - rows_[i];
        sum += distance * distance;
    }
    return sum;
}

Place Model::fit() const {
    Place start(kFixed + season_);
    start[4] = level();
    start[5] = trend();
    for (size_t i = 0; i < season_; ++i) {
        start[kFixed + i] = std::isnan(rows_[i]) ? 0 : rows_[i] / start[4];
    }
    const Objective objective = [this](Place &place) { return error(place); };
    Minimum best;
    best.value = std::numeric_limits<double>::infinity();
    for (int corner = 0; corner < 16; ++corner) {
        for (int i = 0; i < 4; ++i) start[i] = kWeights[corner >> (3 - i) & 1];
        Minimum found = minimise(objective, start, kEpsilon);
        if (found.value < best.value || best.place.empty()) best = std::move(found);
    }
    return best.place;
}

// ---- the function

struct State {
    KeptState rows;
    int64_t ahead;
    int64_t season;
    const varve_stream_context *context;
    double *values;  // what comes out, in the arena
    int64_t first_time;
    uint64_t count;
    uint64_t given;
    uint32_t with_fit;
    uint32_t done;
};

template <bool WithFit>
void init(void *state, const varve_argument *arguments, uint32_t) {
    State fresh{};
    fresh.ahead = arguments[1].value.as_int;
    fresh.season = arguments[2].value.as_int;
    fresh.with_fit = WithFit ? 1 : 0;
    *static_cast<State *>(state) = fresh;
}

void begin(void *state, const varve_stream_context *context) {
    static_cast<State *>(state)->context = context;
}

int32_t rows(void *state, const varve_column *column, const int64_t *times, uint32_t row_count,
             const varve_arena *arena, varve_stream_rows *) {
    State &all = *static_cast<State *>(state);
    if (!reserve(all.rows, row_count, arena)) return VARVE_RESOURCE_EXHAUSTED;
    for_each_row(*column, times, row_count, [&](int64_t time, uint64_t bits) {
        all.rows.values[all.rows.count++] = {float_as_bits(as_double(column->type, bits)), time};
    });
    return VARVE_OK;
}

// The nearest point of the grid, half of it downwards; calendar months are points themselves.
int64_t slot_of(const varve_stream_context &context, int64_t time) {
    if (context.bucket_number != nullptr) return context.bucket_number(context.ctx, time);
    const int64_t interval = context.interval_ns;
    return time / interval + (time % interval > interval / 2 ? 1 : 0);
}

// The time of the row that lies so many slots behind this one. What lies beyond the end of time
// wraps, as InfluxDB's does.
int64_t time_ahead(const varve_stream_context &context, int64_t time, uint64_t slots) {
    if (context.bucket_start != nullptr) {
        const int64_t number = context.bucket_number(context.ctx, time);
        return context.bucket_start(context.ctx, number + static_cast<int64_t>(slots));
    }
    const uint64_t ahead = static_cast<uint64_t>(context.interval_ns) * slots;
    return static_cast<int64_t>(static_cast<uint64_t>(time) + ahead);
}

// The rows on the grid; null = the arena is exhausted.
double *on_grid(const State &all, uint64_t slots, const varve_arena *arena, uint64_t &count) {
    double *const out = allocate_array<double>(arena, slots);
    if (out == nullptr) return nullptr;
    const KeptValue *const rows = all.rows.values;
    int64_t at = slot_of(*all.context, rows[0].time);
    count = 0;
    out[count++] = bits_as_float(rows[0].bits);
    for (uint64_t i = 1; i < all.rows.count; ++i) {
        const int64_t slot = slot_of(*all.context, rows[i].time);
        if (slot <= at) continue;
        for (++at; at != slot; ++at) {
            out[count++] = std::numeric_limits<double>::quiet_NaN();
        }
        out[count++] = bits_as_float(rows[i].bits);
    }
    return out;
}

int32_t forecast(State &all, const varve_arena *arena) {
    const KeptState &kept = all.rows;
    const auto season = static_cast<uint64_t>(all.season);
    if (kept.count < 2 || (season >= 2 && kept.count < season)) return VARVE_OK;
    const int64_t first = kept.values[0].time;
    const int64_t last = kept.values[kept.count - 1].time;
    const int64_t slots = slot_of(*all.context, last) - slot_of(*all.context, first);
    if (slots <= 0) return VARVE_OK;
    uint64_t count = 0;
    const double *const grid = on_grid(all, static_cast<uint64_t>(slots) + 1, arena, count);
    if (grid == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    if (season >= 2 && count < season) return VARVE_OK;
    // Charged before it is computed, and kept for the flushes to come.
    const auto ahead = static_cast<uint64_t>(all.ahead);
    all.values = allocate_array<double>(arena, count + ahead);
    if (all.values == nullptr) return VARVE_RESOURCE_EXHAUSTED;
    const Model model(grid, count, season);
    Place place = model.fit();
    const std::vector<double> values = model.run(place, ahead);
    const uint64_t skipped = all.with_fit != 0 ? 0 : count;
    all.count = values.size() - skipped;
    all.first_time = all.with_fit != 0 ? first : time_ahead(*all.context, last, 1);
    std::copy(values.begin() + static_cast<ptrdiff_t>(skipped), values.end(), all.values);
    return VARVE_OK;
}

int32_t flush(void *state, const varve_arena *arena, varve_stream_rows *out) {
    State &all = *static_cast<State *>(state);
    if (all.done == 0) {
        all.done = 1;
        const int32_t code = forecast(all, arena);
        if (code != VARVE_OK) return code;
    }
    for (; all.given < all.count && out->count < out->capacity; ++all.given) {
        const double value = all.values[all.given];
        if (std::isnan(value)) continue;
        emit(*out, time_ahead(*all.context, all.first_time, all.given), value);
    }
    return VARVE_OK;
}

constexpr const char *kPlain = "holt_winters";
constexpr const char *kWithFit = "holt_winters_with_fit";

template <const char *const &Name>
int32_t check(const varve_argument *arguments, uint32_t count, varve_error *error) {
    const int32_t code = check_count(Name, 3, count, error);
    if (code != VARVE_OK) return code;
    if (arguments[1].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse_with(error, "expected integer argument as second arg in %s", Name);
    }
    if (arguments[1].value.as_int <= 0) {
        return refuse_with(error, "second arg to %s must be greater than 0, got %lld", Name,
                           static_cast<long long>(arguments[1].value.as_int));
    }
    if (arguments[2].kind != VARVE_ARGUMENT_INTEGER) {
        return refuse_with(error, "expected integer argument as third arg in %s", Name);
    }
    if (arguments[2].value.as_int >= 0) return VARVE_OK;
    return refuse_with(error, "third arg to %s cannot be negative, got %lld", Name,
                       static_cast<long long>(arguments[2].value.as_int));
}

template <const char *const &Name, bool WithFit>
varve_function make() {
    varve_function function{};
    function.struct_size = sizeof function;
    function.kind = VARVE_FUNCTION_STREAM;
    function.name = Name;
    function.flags = VARVE_FUNCTION_NEEDS_CALL;
    function.accepted_types = 1U << VARVE_TYPE_FLOAT64 | 1U << VARVE_TYPE_INT64;
    function.state_size = sizeof(State);
    function.state_align = alignof(State);
    function.check = check<Name>;
    function.result_type = numeric_to_float;
    function.init = init<WithFit>;
    function.stream_begin = begin;
    function.stream_rows = rows;
    function.stream_flush = flush;
    return function;
}

}  // namespace

std::vector<const varve_function *> holt_winters_functions() {
    static const varve_function plain = make<kPlain, false>();
    static const varve_function with_fit = make<kWithFit, true>();
    return {&plain, &with_fit};
}

}  // namespace varve::functions
