// Evaluates a tree of tag conditions on a series. An absent tag reads as "".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <varve/kind/storage.h>

#include "common/series_key.hpp"

namespace re2 {
class RE2;
}

namespace varve::storage {

// A compiled predicate. Owns its texts; may be used by several threads at once.
class Predicate {
  public:
    // Matches everything.
    Predicate();
    Predicate(Predicate &&) noexcept;
    Predicate &operator=(Predicate &&) noexcept;
    ~Predicate();

    // Null gives the predicate that matches everything. invalid_argument for an unknown operation,
    // a pattern RE2 refuses, or a tree deeper than kDepthMax.
    static Result<Predicate> compile(const varve_series_predicate *tree);

    bool matches(const series_key::Parts &parts) const;

    static constexpr uint32_t kDepthMax = 500;

  private:
    static Status compile_node(const varve_series_predicate &tree, uint32_t depth, Predicate &out);

    uint32_t op_;
    std::string tag_;
    std::string value_;
    std::unique_ptr<re2::RE2> pattern_;
    std::vector<Predicate> children_;
};

}  // namespace varve::storage
