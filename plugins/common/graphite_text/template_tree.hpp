// Which template a path gets. Filters form a tree by dot part; `*` matches exactly one part:
//
//   servers ── * ── cpu : .host.measurement.field     filter "servers.*.cpu"
//   stats ── * : .host.measurement*                   filter "stats.*"
//
// 1. Go down by the path's parts: the child with exactly this text, else the child `*`; there is no
//    way back. 2. Where neither is there, or the path ends, the node's template counts, so a path
//    may be longer than its filter. 3. A node without one gives the default template. A node made
//    for `*` starts with its parent's template.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <varve/cpp/status.hpp>

#include "common/graphite_text/template.hpp"

namespace varve::graphite_text {

// "k=v" taken apart; invalid_argument "invalid template tags: '…'".
Result<std::pair<std::string, std::string>> parse_tag(std::string_view text);

class TemplateTree {
  public:
    // Entries are `[filter] template [tag=value,…]`. Errors are InfluxDB's texts.
    static Result<TemplateTree> make(const std::vector<std::string> &entries,
                                     const std::string &separator);

    const Template &find(std::span<const std::string_view> parts) const;

  private:
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
        std::shared_ptr<const Template> own;
    };

    void insert(std::string_view filter, std::shared_ptr<const Template> made);

    std::unique_ptr<Node> root_ = std::make_unique<Node>();
    std::shared_ptr<const Template> default_;
};

}  // namespace varve::graphite_text
