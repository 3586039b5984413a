// What random tests of storage engines are made of: points with every kind of value, predicates,
// conditions and what they mean.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "support/storage_client.hpp"

namespace varve::test {

// A predicate that owns its nodes.
class RandomPredicate {
  public:
    explicit RandomPredicate(std::mt19937_64 &random) { root_ = make(random, 0); }
    const varve_series_predicate *get() const { return root_; }

  private:
    const varve_series_predicate *make(std::mt19937_64 &random, int depth);

    std::deque<varve_series_predicate> nodes_;
    std::deque<std::vector<const varve_series_predicate *>> lists_;
    const varve_series_predicate *root_ = nullptr;
};

// "f:…", "i:…", … of a random type or of the given one (a letter).
std::string random_value(std::mt19937_64 &random, char type = 0);
// A few rows of some series of the measurements m0 to m2.
std::vector<Point> random_points(std::mt19937_64 &random);
// Thousands of rows of one series, regular or jittered, most fields in every row.
std::vector<Point> long_series(std::mt19937_64 &random);
// Thousands of series of a few rows each.
std::vector<Point> short_series(std::mt19937_64 &random);
// On a field that random points have; its texts live as long as the program.
varve_value_condition random_condition(std::mt19937_64 &random);
// Whether a row of a dump meets all conditions.
bool meets(const std::map<std::string, std::string> &row,
           const std::vector<varve_value_condition> &conditions);

}  // namespace varve::test
