#include "storage/common/predicate.hpp"

#include <algorithm>

#include <re2/re2.h>

#include <varve/cpp/bytes.hpp>

namespace varve::storage {

Predicate::Predicate() : op_(VARVE_SERIES_ALL) {}
Predicate::Predicate(Predicate &&) noexcept = default;
Predicate &Predicate::operator=(Predicate &&) noexcept = default;
Predicate::~Predicate() = default;

Status Predicate::compile_node(const varve_series_predicate &tree, uint32_t depth, Predicate &out) {
    if (depth > kDepthMax) {
        return {Code::invalid_argument,
                "a condition on tags is nested more than " + std::to_string(kDepthMax) + " deep"};
    }
    out.op_ = tree.op;
    switch (tree.op) {
        case VARVE_SERIES_ALL:
        case VARVE_SERIES_NONE:
            return {};
        case VARVE_SERIES_AND:
        case VARVE_SERIES_OR:
            for (uint32_t i = 0; i < tree.child_count; ++i) {
                VARVE_RETURN_IF_ERROR(
                    compile_node(*tree.children[i], depth + 1, out.children_.emplace_back()));
            }
            return {};
        case VARVE_SERIES_EQ:
        case VARVE_SERIES_NE:
            out.tag_ = view(tree.tag);
            out.value_ = view(tree.value);
            return {};
        case VARVE_SERIES_MATCH:
        case VARVE_SERIES_NOMATCH: {
            out.tag_ = view(tree.tag);
            RE2::Options options;
            options.set_log_errors(false);
            const std::string_view pattern = view(tree.value);
            out.pattern_ =
                std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
            if (out.pattern_->ok()) return {};
            return {Code::invalid_argument,
                    "regular expression /" + std::string(pattern) + "/: " + out.pattern_->error()};
        }
        default:
            return {Code::invalid_argument,
                    "unknown operation " + std::to_string(tree.op) + " in a condition on tags"};
    }
}

Result<Predicate> Predicate::compile(const varve_series_predicate *tree) {
    Predicate predicate;
    if (tree == nullptr) return predicate;
    if (Status status = compile_node(*tree, 0, predicate); !status.ok()) return status;
    return predicate;
}

bool Predicate::matches(const series_key::Parts &parts) const {
    const auto child_matches = [&](const Predicate &child) { return child.matches(parts); };
    switch (op_) {
        case VARVE_SERIES_ALL:
            return true;
        case VARVE_SERIES_AND:
            return std::all_of(children_.begin(), children_.end(), child_matches);
        case VARVE_SERIES_OR:
            return std::any_of(children_.begin(), children_.end(), child_matches);
        case VARVE_SERIES_EQ:
            return parts.tag(tag_) == value_;
        case VARVE_SERIES_NE:
            return parts.tag(tag_) != value_;
        case VARVE_SERIES_MATCH:
        case VARVE_SERIES_NOMATCH: {
            const std::string_view value = parts.tag(tag_);
            const bool found =
                RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *pattern_);
            return found == (op_ == VARVE_SERIES_MATCH);
        }
        default:
            return false;
    }
}

}  // namespace varve::storage
