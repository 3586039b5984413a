// A Graphite template: a path's parts, position by position, become name, tags and field.
//
//   template  .host.measurement.field*      separator "."
//   path      fld.h1.mem.used.bytes.max
//             │   │  │   └ field* : "used.bytes.max", the rest
//             │   │  └ measurement: "mem"
//             │   └ tag host = "h1"
//             └ (empty): skipped
//
// `measurement` may stand several times, as may a tag key: the parts are joined by the separator.
// `measurement*` takes all the rest. Parts behind the template are ignored, words behind the path
// too.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <varve/cpp/status.hpp>

namespace varve::graphite_text {

using TagList = std::vector<std::pair<std::string, std::string>>;

// What a path means. Keeps its memory between uses.
struct Applied {
    std::string measurement;  // empty: the template found none, the whole path is the name
    std::string field;        // empty: none named
    TagList tags;             // by first appearance

    void clear();
    // The value of a tag, or null.
    std::string *find_tag(std::string_view key);
};

class Template {
  public:
    // `words` is the dot list, `tags` are set before the path's parts are looked at.
    Template(std::string_view words, TagList tags, std::string separator);

    // Fails with InfluxDB's texts where `field` stands twice, or `field*` beside `measurement*`.
    // `path` is for the text.
    Status apply(std::span<const std::string_view> parts, std::string_view path,
                 Applied &out) const;

  private:
    std::string words_text_;  // joined by the separator, for texts
    std::vector<std::string> words_;
    TagList tags_;
    std::string separator_;
    bool takes_rest_twice_ = false;  // field* and measurement*
};

// Appends the text's pieces between dots to `out`, at least one.
void split_dots(std::string_view text, std::vector<std::string_view> &out);

// A text as Go's %q writes it.
std::string quoted(std::string_view text);

}  // namespace varve::graphite_text
