#include "common/graphite_text/template_tree.hpp"

#include <algorithm>
#include <set>

namespace varve::graphite_text {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

Status bad(std::string text) {
    return {Code::invalid_argument, std::move(text)};
}

std::vector<std::string_view> split_blanks(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        const size_t from = text.find_first_not_of(kBlanks);
        if (from == std::string_view::npos) return words;
        const size_t to = std::min(text.find_first_of(kBlanks, from), text.size());
        words.push_back(text.substr(from, to - from));
        text.remove_prefix(to);
    }
}

// An entry's three parts, as written.
struct Entry {
    std::string_view filter;
    std::string_view words;
    std::string_view tags;
};

Result<Entry> split_entry(const std::string &text, size_t position) {
    const std::vector<std::string_view> parts = split_blanks(text);
    if (parts.empty()) return bad("missing template at position: " + std::to_string(position));
    if (parts.size() > 3) return bad("invalid template format: '" + text + "'");
    if (parts.size() == 1) return Entry{{}, parts[0], {}};
    const bool has_filter = parts[1].find('=') == std::string_view::npos;
    if (!has_filter && parts.size() == 3) return bad("invalid template format: '" + text + "'");
    if (!has_filter) return Entry{{}, parts[0], parts[1]};
    return Entry{parts[0], parts[1], parts.size() == 3 ? parts[2] : std::string_view()};
}

Status check_words(std::string_view words) {
    std::vector<std::string_view> pieces;
    split_dots(words, pieces);
    for (const std::string_view piece : pieces) {
        if (piece == "measurement" || piece == "measurement*") return {};
    }
    return bad("no measurement in template `" + std::string(words) + "`");
}

Status check_filter(std::string_view filter) {
    std::vector<std::string_view> pieces;
    split_dots(filter, pieces);
    for (const std::string_view piece : pieces) {
        if (piece.empty()) return bad("filter contains blank section: " + std::string(filter));
        if (piece != "*" && piece.find('*') != std::string_view::npos) {
            return bad("invalid filter wildcard section: " + std::string(filter));
        }
    }
    return {};
}

Result<TagList> parse_tags(std::string_view text) {
    TagList tags;
    while (!text.empty()) {
        const size_t comma = text.find(',');
        auto tag = parse_tag(text.substr(0, comma));
        if (!tag.ok()) return tag.status();
        // A key named twice counts once, the last.
        std::erase_if(tags, [&](const auto &known) { return known.first == tag->first; });
        tags.push_back(std::move(*tag));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
        if (text.empty()) return bad("invalid template tags: ''");
    }
    return tags;
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_tag(std::string_view text) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size() ||
        text.find('=', equals + 1) != std::string_view::npos) {
        return bad("invalid template tags: '" + std::string(text) + "'");
    }
    return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<TemplateTree> TemplateTree::make(const std::vector<std::string> &entries,
                                        const std::string &separator) {
    TemplateTree tree;
    tree.default_ = std::make_shared<const Template>("measurement*", TagList(), separator);
    std::set<std::string_view> filters;
    for (size_t position = 0; position < entries.size(); ++position) {
        const Result<Entry> entry = split_entry(entries[position], position);
        if (!entry.ok()) return entry.status();
        if (Status status = check_words(entry->words); !status.ok()) return status;
        if (!filters.insert(entry->filter).second) {
            return bad("duplicate filter '" + std::string(entry->filter) +
                       "' found at position: " + std::to_string(position));
        }
        auto tags = parse_tags(entry->tags);
        if (!entry->filter.empty()) {
            if (Status status = check_filter(entry->filter); !status.ok()) return status;
        }
        if (!tags.ok()) return tags.status();
        auto made = std::make_shared<const Template>(entry->words, std::move(*tags), separator);
        if (entry->filter.empty()) {
            tree.default_ = std::move(made);
        } else {
            tree.insert(entry->filter, std::move(made));
        }
    }
    return tree;
}

void TemplateTree::insert(std::string_view filter, std::shared_ptr<const Template> made) {
    std::vector<std::string_view> pieces;
    split_dots(filter, pieces);
    Node *at = root_.get();
    for (const std::string_view piece : pieces) {
        std::unique_ptr<Node> &child = at->children[std::string(piece)];
        if (child == nullptr) {
            child = std::make_unique<Node>();
            if (piece == "*") child->own = at->own;
        }
        at = child.get();
    }
    at->own = std::move(made);
}

const Template &TemplateTree::find(std::span<const std::string_view> parts) const {
    const Node *at = root_.get();
    for (const std::string_view part : parts) {
        auto child = at->children.find(part);
        if (child == at->children.end()) child = at->children.find("*");
        if (child == at->children.end()) break;
        at = child->second.get();
    }
    return at->own != nullptr ? *at->own : *default_;
}

}  // namespace varve::graphite_text
