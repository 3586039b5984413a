// The server's own metrics in Prometheus' text format.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "kernel/self_metrics.hpp"

namespace varve {
namespace {

TEST(SelfMetrics, RendersFamiliesSortedWithTheirLabels) {
    SelfMetrics metrics;
    metrics.gauge("varve_b", "A gauge.").set(-1.5);
    metrics.counter("varve_a_total", "A counter.", {{"z", "1"}, {"a", "2"}}).add();
    metrics.counter("varve_a_total", "Other words.", {{"a", "2"}, {"z", "1"}}).add(2);
    metrics.counter("varve_a_total", "A counter.").add(1e10);
    EXPECT_EQ(metrics.render(),
              "# HELP varve_a_total A counter.\n# TYPE varve_a_total counter\n"
              "varve_a_total 1e+10\n"
              "varve_a_total{a=\"2\",z=\"1\"} 3\n"
              "# HELP varve_b A gauge.\n# TYPE varve_b gauge\nvarve_b -1.5\n");
}

TEST(SelfMetrics, EscapesLabelValues) {
    SelfMetrics metrics;
    metrics.counter("c", "h", {{"path", "a\"b\\c\nd"}});
    EXPECT_NE(metrics.render().find("c{path=\"a\\\"b\\\\c\\nd\"} 0\n"), std::string::npos);
}

TEST(SelfMetrics, TheSameNameAndLabelsAreOneMetric) {
    SelfMetrics metrics;
    SelfMetric &first = metrics.counter("c", "h", {{"a", "1"}});
    EXPECT_EQ(&first, &metrics.counter("c", "h", {{"a", "1"}}));
    EXPECT_NE(&first, &metrics.counter("c", "h", {{"a", "2"}}));
}

TEST(SelfMetrics, ReadsOneMetricAndTheSumOfAFamily) {
    SelfMetrics metrics;
    metrics.counter("c", "h", {{"a", "1"}, {"b", "2"}}).add(3);
    metrics.counter("c", "h", {{"a", "2"}}).add(4);
    EXPECT_EQ(metrics.value("c", {{"b", "2"}, {"a", "1"}}), 3);
    EXPECT_EQ(metrics.value("c", {{"a", "1"}}), 0);
    EXPECT_EQ(metrics.total("c"), 7);
    EXPECT_EQ(metrics.total("d"), 0);
    EXPECT_EQ(metrics.render().find("# HELP d"), std::string::npos);
}

TEST(SelfMetrics, RefreshersRunBeforeEachRendering) {
    SelfMetrics metrics;
    int runs = 0;
    metrics.on_render([&] { metrics.gauge("g", "h").set(++runs); });
    EXPECT_NE(metrics.render().find("g 1\n"), std::string::npos);
    EXPECT_NE(metrics.render().find("g 2\n"), std::string::npos);
}

TEST(SelfMetrics, CountsOfSeveralThreadsAddUp) {
    SelfMetrics metrics;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 1000; ++k) metrics.counter("c", "h").add();
            (void)metrics.render();
        });
    }
    for (std::thread &thread : threads) thread.join();
    EXPECT_EQ(metrics.counter("c", "h").value(), 4000);
}

}  // namespace
}  // namespace varve
