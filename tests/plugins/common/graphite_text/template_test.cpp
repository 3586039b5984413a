// The configuration of templates, and what InfluxDB 1.6.7 was seen to make of paths.
#include <gtest/gtest.h>

#include "plugins/common/graphite_text/dump.hpp"

namespace varve {
namespace {

using graphite_text::Codec;
using graphite_text::Options;

// "key|field" of a path, or "bad: reason".
std::string mapped(const Options &options, const std::string &path) {
    auto codec = Codec::make(options);
    if (!codec.ok()) return "configuration: " + codec.status().text();
    codec->read(path + " 1 1\n", 0);
    graphite_text::Parsed parsed = codec->finish(0);
    if (!parsed.bad_rows.listed.empty()) return "bad: " + parsed.bad_rows.listed[0].reason;
    const varve_table &table = *parsed.batch->tables[0];
    std::string text =
        std::string(view(table.keys[0].text)) + '|' + std::string(view(table.columns[0].name));
    parsed.batch->release(parsed.batch);
    return text;
}

std::string with_template(const std::string &entry, const std::string &path) {
    Options options;
    options.templates = {entry};
    return mapped(options, path);
}

std::string error_of(std::vector<std::string> templates, std::vector<std::string> tags = {}) {
    Options options;
    options.templates = std::move(templates);
    options.tags = std::move(tags);
    const auto codec = Codec::make(options);
    return codec.ok() ? "" : codec.status().text();
}

TEST(GraphiteTemplate, TheTableSeenAtInfluxdb) {
    Options options;
    options.templates = {"*.app env.service.resource.measurement",
                         "stats.* .host.measurement* region=us-west,agent=sensu",
                         "fld.* .host.measurement.field*", "servers.*.cpu .host.measurement.field",
                         ".host.measurement* dflt=1"};
    options.tags = {"dc=x1", "zz=y"};
    const std::pair<const char *, const char *> rows[] = {
        {"prod.app.web.cpu.load", "cpu,dc=x1,env=prod,resource=web,service=app,zz=y|value"},
        {"stats.h1.cpu.idle.total",
         "cpu.idle.total,agent=sensu,dc=x1,host=h1,region=us-west,zz=y|value"},
        {"fld.h1.mem.used.bytes.max", "mem,dc=x1,host=h1,zz=y|used.bytes.max"},
        {"servers.s1.cpu.user", "cpu,dc=x1,host=s1,zz=y|user"},
        {"servers.s1.disk", "disk,dc=x1,dflt=1,host=s1,zz=y|value"},
        {"plain", "plain,dc=x1,dflt=1,zz=y|value"},
        {"a.b.c.d", "c.d,dc=x1,dflt=1,host=b,zz=y|value"},
    };
    for (const auto &[path, expected] : rows) EXPECT_EQ(mapped(options, path), expected);
}

TEST(GraphiteTemplate, WithoutAnyThePathIsTheName) {
    EXPECT_EQ(mapped({}, "a.b.c"), "a.b.c|value");
    EXPECT_EQ(mapped({}, "single"), "single|value");
    EXPECT_EQ(mapped({}, "..x"), "..x|value");
}

TEST(GraphiteTemplate, WordsApplyPositionByPosition) {
    EXPECT_EQ(with_template("measurement.measurement.host", "a.b.c"), "a.b,host=c|value");
    EXPECT_EQ(with_template("host..measurement", "a.skipped.m"), "m,host=a|value");
    EXPECT_EQ(with_template("zone.host.zone.measurement", "a.b.c.m"), "m,host=b,zone=a.c|value");
    EXPECT_EQ(with_template("measurement.field", "m.f.more.parts"), "m|f");
    EXPECT_EQ(with_template("measurement.field*", "m.f.g"), "m|f.g");
    EXPECT_EQ(with_template("measurement.field*", "m"), "m|value");
    EXPECT_EQ(with_template("host.measurement", "only"), "only,host=only|value");
    EXPECT_EQ(with_template("host.zone.measurement", "a..m"), "m,host=a|value");
    EXPECT_EQ(with_template("host.measurement.field*", "collectd.cpu.idle.value"),
              "cpu,host=collectd|idle.value");
}

TEST(GraphiteTemplate, TheSeparatorJoinsNamesTagsAndFields) {
    Options options;
    options.separator = "_";
    options.templates = {"zone.zone.measurement.measurement.field*"};
    EXPECT_EQ(mapped(options, "a.b.c.d.e.f"), "c_d,zone=a_b|e_f");
    options.templates = {"measurement*"};
    EXPECT_EQ(mapped(options, "a.b"), "a_b|value");
}

TEST(GraphiteTemplate, TemplateTagsComeFirstAndPathPartsAreAppended) {
    EXPECT_EQ(with_template("host.measurement host=x,b=2", "a.m"), "m,b=2,host=x.a|value");
    Options options;
    options.templates = {"host.measurement"};
    options.tags = {"host=default", "zone=z"};
    EXPECT_EQ(mapped(options, "a.m"), "m,host=a,zone=z|value");
}

TEST(GraphiteTemplate, FiltersAreATreeWithoutWayBack) {
    Options options;
    options.templates = {"a.b.c measurement*  t=abc", "a.*.d measurement* t=a*d",
                         "a measurement* t=a", "measurement* t=none"};
    EXPECT_EQ(mapped(options, "a.b.c.x"), "a.b.c.x,t=abc|value");
    EXPECT_EQ(mapped(options, "a.x.d"), "a.x.d,t=a*d|value");
    // Down the exact child `b`, where no `d` is: that node has no template of its own.
    EXPECT_EQ(mapped(options, "a.b.d"), "a.b.d,t=none|value");
    EXPECT_EQ(mapped(options, "a"), "a,t=a|value");
    EXPECT_EQ(mapped(options, "b.c"), "b.c,t=none|value");
}

TEST(GraphiteTemplate, ANodeMadeForAnyPartInheritsItsParent) {
    Options options;
    options.templates = {"a measurement* t=a", "a.*.c measurement* t=c", "measurement* t=none"};
    EXPECT_EQ(mapped(options, "a.x.c"), "a.x.c,t=c|value");
    EXPECT_EQ(mapped(options, "a.x.y"), "a.x.y,t=a|value");
}

TEST(GraphiteTemplate, ErrorsOfTheConfiguration) {
    EXPECT_EQ(error_of({"a.b.c"}), "no measurement in template `a.b.c`");
    EXPECT_EQ(error_of({"x.* a.b region=1"}), "no measurement in template `a.b`");
    EXPECT_EQ(error_of({"  "}), "missing template at position: 0");
    EXPECT_EQ(error_of({"a.* measurement", "a.* measurement*"}),
              "duplicate filter 'a.*' found at position: 1");
    EXPECT_EQ(error_of({"measurement", "measurement*"}),
              "duplicate filter '' found at position: 1");
    EXPECT_EQ(error_of({"a..b measurement"}), "filter contains blank section: a..b");
    EXPECT_EQ(error_of({"a.b* measurement"}), "invalid filter wildcard section: a.b*");
    EXPECT_EQ(error_of({"a.* measurement x=1 more"}),
              "invalid template format: 'a.* measurement x=1 more'");
    EXPECT_EQ(error_of({"measurement a=1,b"}), "invalid template tags: 'b'");
    EXPECT_EQ(error_of({"measurement a=1=2"}), "invalid template tags: 'a=1=2'");
    EXPECT_EQ(error_of({"measurement a="}), "invalid template tags: 'a='");
    EXPECT_EQ(error_of({"measurement =1"}), "invalid template tags: '=1'");
    EXPECT_EQ(error_of({"measurement a=1,"}), "invalid template tags: ''");
    EXPECT_EQ(error_of({}, {"nonsense"}), "invalid template tags: 'nonsense'");
    EXPECT_EQ(error_of({"a.* measurement x=1", "measurement*"}, {"dc=1"}), "");
}

TEST(GraphiteTemplate, ErrorsAtMatchTime) {
    EXPECT_EQ(with_template("measurement*.field*", "a.b"),
              "bad: either 'field*' or 'measurement*' can be used in each template (but not both "
              "together): \"measurement*.field*\"");
    EXPECT_EQ(with_template("measurement.field.field", "a.b.c"),
              "bad: 'field' can only be used once in each template: \"a.b.c\"");
    EXPECT_EQ(with_template("measurement.field.field", "a.b"), "a|b");
}

TEST(GraphiteTemplate, TagsOfGraphiteWinOverTheTemplates) {
    Options options;
    options.templates = {"host.measurement zone=t"};
    options.tags = {"dc=c", "rack=r"};
    EXPECT_EQ(mapped(options, "h.m;host=other;dc=path"),
              "m,dc=path,host=other,rack=r,zone=t|value");
    EXPECT_EQ(mapped({}, "disk.used;b=2;a=1;b=3"), "disk.used,a=1,b=3|value");
    EXPECT_EQ(mapped({}, "m;a=x=y"), "m,a=x\\=y|value");
    EXPECT_EQ(mapped({}, "m;a"), "bad: invalid tag \"a\" in path \"m;a\"");
    EXPECT_EQ(mapped({}, "m;"), "bad: invalid tag \"\" in path \"m;\"");
    EXPECT_EQ(mapped({}, ";a=b"), "bad: no name in path \";a=b\"");
}

}  // namespace
}  // namespace varve
