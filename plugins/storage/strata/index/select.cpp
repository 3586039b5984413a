// Which series match a tree of conditions on tags: set algebra on postings.
//
// Per source (ids are disjoint): a condition on a tag asks every column of that tag in scope. The
// series whose tag is absent, which reads as "", are all of the scope without those present in any
// column. Negations are differences to all of the scope.
//
// A regular expression is looked at first: ^(a|b)$ without operators is looked up; ^abc... confines
// the values to a range; a plain text is searched for. What is left runs RE2 over the distinct
// values. Files are immutable, so they keep the answers.
#include <algorithm>
#include <optional>

#include <re2/re2.h>

#include <varve/cpp/bytes.hpp>

#include "storage/common/predicate.hpp"
#include "storage/strata/index/tag_source.hpp"

namespace varve::strata {
namespace {

constexpr std::string_view kOperators = "\\^$.|?*+()[]{}";

// Reads literal characters from `at` up to an operator. False for an escape that is no plain
// character.
bool read_literal(std::string_view pattern, size_t &at, std::string &out) {
    for (; at < pattern.size(); ++at) {
        if (pattern[at] == '\\') {
            if (at + 1 == pattern.size() || kOperators.find(pattern[at + 1]) == kOperators.npos) {
                return false;
            }
            out += pattern[++at];
        } else if (kOperators.find(pattern[at]) != kOperators.npos) {
            return true;
        } else {
            out += pattern[at];
        }
    }
    return true;
}

// What a regular expression asks of a value.
class Pattern {
  public:
    // `pattern` was compiled once already, so RE2 takes it.
    explicit Pattern(std::string_view pattern) : text_(pattern) {
        RE2::Options options;
        options.set_log_errors(false);
        regex_ = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
        find_texts();
        if (texts_.empty()) find_plain();
        if (texts_.empty() && !plain_) find_prefix();
        matches_empty_ = matches("");
    }

    const std::string &text() const { return text_; }
    // The only values that match, when that is known.
    const std::vector<std::string> &texts() const { return texts_; }
    // Every value that matches begins with this.
    const std::string &prefix() const { return prefix_; }
    bool matches_empty() const { return matches_empty_; }
    bool matches(std::string_view value) const {
        if (plain_) return value.find(*plain_) != std::string_view::npos;
        return RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *regex_);
    }

  private:
    // ^text$, ^(text|text)$, ^(?:text|text)$
    void find_texts() {
        std::string_view body = text_;
        if (body.size() < 2 || body.front() != '^' || body.back() != '$') return;
        body = body.substr(1, body.size() - 2);
        const bool grouped = body.size() >= 2 && body.front() == '(' && body.back() == ')';
        if (grouped) body = body.substr(1, body.size() - 2);
        if (grouped && body.starts_with("?:")) body.remove_prefix(2);
        std::vector<std::string> texts;
        for (size_t at = 0;; ++at) {
            std::string &text = texts.emplace_back();
            if (!read_literal(body, at, text)) return;
            if (at == body.size()) break;
            if (body[at] != '|' || !grouped) return;
        }
        texts_ = std::move(texts);
    }

    void find_plain() {
        size_t at = 0;
        std::string text;
        if (read_literal(text_, at, text) && at == text_.size()) plain_ = std::move(text);
    }

    void find_prefix() {
        if (!text_.starts_with('^') || text_.find('|') != text_.npos) return;
        size_t at = 1;
        std::string literal;
        (void)read_literal(text_, at, literal);
        const bool optional =
            at < text_.size() && std::string_view("?*{").find(text_[at]) != std::string_view::npos;
        if (optional) {
            // The last character may be missing; it may have several bytes.
            while (!literal.empty() && (literal.back() & 0xC0) == 0x80) literal.pop_back();
            if (!literal.empty()) literal.pop_back();
        }
        prefix_ = std::move(literal);
    }

    std::string text_;
    std::unique_ptr<RE2> regex_;
    std::vector<std::string> texts_;
    std::optional<std::string> plain_;
    std::string prefix_;
    bool matches_empty_ = false;
};

// A predicate made ready. Its texts belong to the caller's tree.
struct Node {
    uint32_t op = VARVE_SERIES_ALL;
    std::string_view tag;
    std::string_view value;
    std::unique_ptr<Pattern> pattern;
    std::vector<Node> children;
};

Node make_node(const varve_series_predicate &tree) {
    Node node;
    node.op = tree.op;
    node.tag = view(tree.tag);
    node.value = view(tree.value);
    if (tree.op == VARVE_SERIES_MATCH || tree.op == VARVE_SERIES_NOMATCH) {
        node.pattern = std::make_unique<Pattern>(node.value);
    }
    if (tree.op == VARVE_SERIES_AND || tree.op == VARVE_SERIES_OR) {
        for (uint32_t i = 0; i < tree.child_count; ++i) {
            node.children.push_back(make_node(*tree.children[i]));
        }
    }
    return node;
}

// Evaluates on one source.
class Selector {
  public:
    Selector(const TagSource &source, std::string_view measurement)
        : source_(source), measurement_(measurement) {}

    Status start(Bitmap &out) {
        VARVE_RETURN_IF_ERROR(source_.all(measurement_, all_));
        out = all_;
        return {};
    }

    Status evaluate(const Node &node, Bitmap &out) {
        switch (node.op) {
            case VARVE_SERIES_ALL:
                out = all_;
                return {};
            case VARVE_SERIES_AND:
                return evaluate_and(node, out);
            case VARVE_SERIES_OR:
                out.clear();
                for (const Node &child : node.children) {
                    Bitmap found;
                    VARVE_RETURN_IF_ERROR(evaluate(child, found));
                    out |= found;
                }
                return {};
            case VARVE_SERIES_EQ:
            case VARVE_SERIES_NE:
                VARVE_RETURN_IF_ERROR(equal(node, out));
                break;
            case VARVE_SERIES_MATCH:
            case VARVE_SERIES_NOMATCH:
                VARVE_RETURN_IF_ERROR(match(node, out));
                break;
            default:
                out.clear();
                return {};
        }
        if (node.op == VARVE_SERIES_NE || node.op == VARVE_SERIES_NOMATCH) out = all_ - out;
        return {};
    }

  private:
    Status evaluate_and(const Node &node, Bitmap &out) {
        if (node.children.empty()) out = all_;
        for (size_t i = 0; i < node.children.size(); ++i) {
            if (i != 0 && out.empty()) return {};
            Bitmap found;
            VARVE_RETURN_IF_ERROR(evaluate(node.children[i], found));
            if (i == 0) {
                out = std::move(found);
            } else {
                out &= found;
            }
        }
        return {};
    }

    Status absent(const std::vector<uint32_t> &columns, Bitmap &out) {
        IdUnion present;
        for (const uint32_t column : columns) {
            VARVE_RETURN_IF_ERROR(source_.add_present(column, present));
        }
        out = all_ - present.take();
        return {};
    }

    Status equal(const Node &node, Bitmap &out) {
        std::vector<uint32_t> columns;
        VARVE_RETURN_IF_ERROR(source_.columns(measurement_, node.tag, columns));
        if (node.value.empty()) return absent(columns, out);
        IdUnion ids;
        for (const uint32_t column : columns) {
            VARVE_RETURN_IF_ERROR(source_.add_value(column, node.value, ids));
        }
        out = ids.take();
        return {};
    }

    Status match(const Node &node, Bitmap &out) {
        std::vector<uint32_t> columns;
        VARVE_RETURN_IF_ERROR(source_.columns(measurement_, node.tag, columns));
        std::string question(measurement_);
        ((question += '\0') += node.tag) += '\0';
        question += node.value;
        if (const auto known = source_.cached(question)) {
            out = *known;
        } else {
            VARVE_RETURN_IF_ERROR(match_values(*node.pattern, columns, out));
            if (node.pattern->texts().empty()) {
                out.run_optimise();
                source_.cache(question, std::make_shared<const Bitmap>(out));
            }
        }
        if (node.pattern->matches_empty()) {
            Bitmap without;
            VARVE_RETURN_IF_ERROR(absent(columns, without));
            out |= without;
        }
        return {};
    }

    Status match_values(const Pattern &pattern, const std::vector<uint32_t> &columns, Bitmap &out) {
        IdUnion ids;
        for (const uint32_t column : columns) {
            for (const std::string &text : pattern.texts()) {
                if (text.empty()) continue;
                VARVE_RETURN_IF_ERROR(source_.add_value(column, text, ids));
            }
            if (!pattern.texts().empty()) continue;
            auto cursor = source_.values(column, pattern.prefix());
            if (!cursor.ok()) return cursor.status();
            for (bool more = false;;) {
                VARVE_RETURN_IF_ERROR((*cursor)->next(more));
                if (!more || !(*cursor)->text().starts_with(pattern.prefix())) break;
                if (!pattern.matches((*cursor)->text())) continue;
                VARVE_RETURN_IF_ERROR((*cursor)->add_ids(ids));
            }
        }
        out = ids.take();
        return {};
    }

    const TagSource &source_;
    const std::string_view measurement_;
    Bitmap all_;
};

}  // namespace

Result<Bitmap> select_series(const TagSources &sources, std::string_view measurement,
                             const varve_series_predicate *tree) {
    // Refuses what is malformed, in the words every engine uses.
    const auto checked = storage::Predicate::compile(tree);
    if (!checked.ok()) return checked.status();
    const Node root = tree == nullptr ? Node() : make_node(*tree);
    Bitmap selected;
    for (const auto &source : sources) {
        Selector selector(*source, measurement);
        Bitmap found;
        if (Status status = selector.start(found); !status.ok()) return status;
        if (found.empty()) continue;
        if (root.op != VARVE_SERIES_ALL) {
            if (Status status = selector.evaluate(root, found); !status.ok()) return status;
        }
        selected |= found;
    }
    return selected;
}

}  // namespace varve::strata
