// A step, with the corners' worst, second worst and best values:
//   1. The worst corner is mirrored at the centre of the others (reflection).
//   2. Better than the best: twice as far is tried (expansion), the better of both taken.
//   3. Better than the second worst: taken.
//   4. Else a place half way to the centre is tried, on the mirrored side if that was better than
//      the worst corner, on the corner's own side otherwise (contraction).
//   5. If that is no better either, all corners move half way to the best; only the worst and
//   second
//      worst are valued anew.
// Results are to be those of InfluxDB to the last digit, hence the order of every sum, and 5.
#include "functions/forecast/nelder_mead.hpp"

#include <cmath>

namespace varve::functions {

namespace {

constexpr int kStepsMax = 1000;
constexpr double kReflection = 1.0;
constexpr double kContraction = 0.5;
constexpr double kExpansion = 2.0;

class Simplex {
  public:
    Simplex(const Objective &objective, const Place &start);

    void step();
    double deviation() const;
    Minimum best() const { return {values_[best_corner()], corners_[best_corner()]}; }

  private:
    size_t best_corner() const;
    void find_ranks();
    Place centre() const;
    void replace_worst(const Place &place, double value) {
        corners_[worst_] = place;
        values_[worst_] = value;
    }
    void contract(const Place &centre, const Place &mirrored, double mirrored_value);
    void shrink();

    const Objective &objective_;
    const size_t size_;
    std::vector<Place> corners_;
    std::vector<double> values_;
    size_t worst_ = 0;
    size_t second_ = 0;
    size_t best_ = 0;
};

Simplex::Simplex(const Objective &objective, const Place &start)
    : objective_(objective), size_(start.size()), corners_(size_ + 1, start) {
    const auto n = static_cast<double>(size_);
    const double far = (std::sqrt(n + 1) - 1 + n) / (n * std::sqrt(2.0));
    const double near = (std::sqrt(n + 1) - 1) / (n * std::sqrt(2.0));
    for (size_t i = 1; i <= size_; ++i) {
        for (size_t j = 0; j < size_; ++j) {
            corners_[i][j] = (i - 1 == j ? far : near) + start[j];
        }
    }
    for (Place &corner : corners_) values_.push_back(objective_(corner));
}

size_t Simplex::best_corner() const {
    size_t best = 0;
    for (size_t i = 0; i <= size_; ++i) {
        if (values_[i] < values_[best]) best = i;
    }
    return best;
}

void Simplex::find_ranks() {
    best_ = best_corner();
    worst_ = 0;
    for (size_t i = 0; i <= size_; ++i) {
        if (values_[i] > values_[worst_]) worst_ = i;
    }
    second_ = best_;
    for (size_t i = 0; i <= size_; ++i) {
        if (values_[i] > values_[second_] && values_[i] < values_[worst_]) second_ = i;
    }
}

Place Simplex::centre() const {
    Place out(size_);
    for (size_t j = 0; j < size_; ++j) {
        double sum = 0;
        for (size_t i = 0; i <= size_; ++i) {
            if (i != worst_) sum += corners_[i][j];
        }
        out[j] = sum / static_cast<double>(size_);
    }
    return out;
}

void Simplex::step() {
    find_ranks();
    const Place middle = centre();
    Place mirrored(size_);
    for (size_t j = 0; j < size_; ++j) {
        mirrored[j] = middle[j] + kReflection * (middle[j] - corners_[worst_][j]);
    }
    const double value = objective_(mirrored);
    if (value < values_[second_] && value >= values_[best_]) replace_worst(mirrored, value);
    if (value < values_[best_]) {
        Place beyond(size_);
        for (size_t j = 0; j < size_; ++j) {
            beyond[j] = middle[j] + kExpansion * (mirrored[j] - middle[j]);
        }
        const double beyond_value = objective_(beyond);
        if (beyond_value < value) {
            replace_worst(beyond, beyond_value);
        } else {
            replace_worst(mirrored, value);
        }
    }
    if (value >= values_[second_]) contract(middle, mirrored, value);
}

void Simplex::contract(const Place &middle, const Place &mirrored, double mirrored_value) {
    const bool outside = mirrored_value < values_[worst_];
    Place place(size_);
    for (size_t j = 0; j < size_; ++j) {
        place[j] = outside ? middle[j] + kContraction * (mirrored[j] - middle[j])
                           : middle[j] - kContraction * (middle[j] - corners_[worst_][j]);
    }
    const double value = objective_(place);
    if (value < values_[worst_]) {
        replace_worst(place, value);
    } else {
        shrink();
    }
}

void Simplex::shrink() {
    for (size_t i = 0; i <= size_; ++i) {
        if (i == best_) continue;
        for (size_t j = 0; j < size_; ++j) {
            corners_[i][j] = corners_[best_][j] + (corners_[i][j] - corners_[best_][j]) / 2.0;
        }
    }
    values_[worst_] = objective_(corners_[worst_]);
    values_[second_] = objective_(corners_[second_]);
}

double Simplex::deviation() const {
    double sum = 0;
    for (const double value : values_) sum += value;
    const double mean = sum / static_cast<double>(size_ + 1);
    double squares = 0;
    for (const double value : values_) {
        squares += (value - mean) * (value - mean) / static_cast<double>(size_);
    }
    return std::sqrt(squares);
}

}  // namespace

Minimum minimise(const Objective &objective, const Place &start, double epsilon) {
    Simplex simplex(objective, start);
    for (int i = 0; i < kStepsMax; ++i) {
        simplex.step();
        if (simplex.deviation() < epsilon) break;
    }
    return simplex.best();
}

}  // namespace varve::functions
