#include "pipeline/pipeline.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "often.hpp"
#include "pipeline/pipeline_test_support.hpp"

namespace logboom::pipeline_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string out(std::string_view id) { return cat("  @type toy\n  @id ", id, "\n"); }

TEST(Pipeline, follows_relabel_from_label_to_label) {
  Bench bench(cat("<source>\n @type toy\n</source>\n<match a.**>\n @type relabel\n @label @ONE\n</match>\n<match **>\n",
                  out("rest"),
                  "</match>\n<label @ONE>\n<match a.x>\n @type relabel\n @label @TWO\n</match>\n<match **>\n",
                  out("one"), "</match>\n</label>\n<label @TWO>\n<match **>\n", out("two"), "</match>\n</label>\n"));
  bench.send("a.x", 1);
  bench.send("a.y", 2);
  bench.send("b", 3);
  EXPECT_EQ(bench.numbers("two"), "1");
  EXPECT_EQ(bench.numbers("one"), "2");
  EXPECT_EQ(bench.numbers("rest"), "3");
  bench.expect_balance();
}

TEST(Pipeline, copies_to_stores_that_copy_and_relabel_in_turn_and_counts_what_it_makes) {
  Bench bench(cat("<source>\n @type toy\n</source>\n<match **>\n @type copy\n <store>\n", out("a"),
                  " </store>\n <store ignore_error>\n"
                  " @type copy\n <store>\n",
                  out("b"),
                  " </store>\n <store>\n @type relabel\n @label @C\n </store>\n </store>\n</match>\n"
                  "<label @C>\n<match **>\n @type copy\n <store>\n",
                  out("c"), "</store>\n<store>\n", out("d"), "</store>\n</match>\n</label>\n"));
  bench.send("t", 1, 3);
  for (const char* id : {"a", "b", "c", "d"}) EXPECT_EQ(bench.numbers(id), "1 2 3") << id;
  EXPECT_EQ(bench.pipeline->counters().made.value(), 9u);
  bench.expect_balance();
}

TEST(Pipeline, a_source_may_enter_at_a_label_and_a_label_may_lead_back_to_the_top) {
  Bench bench(
      cat("<source>\n @type toy\n @label @IN\n</source>\n<source>\n @type toy\n @label @ROOT\n</source>\n<match **>\n",
          out("top"), "</match>\n<label @IN>\n<match back>\n @type relabel\n @label @ROOT\n</match>\n<match **>\n",
          out("in"), "</match>\n</label>\n"));
  bench.send_from(bench.flow, "back", 1, 1, {}, 0);
  bench.send_from(bench.flow, "other", 2, 1, {}, 0);
  bench.send_from(bench.flow, "other", 3, 1, {}, 1);
  EXPECT_EQ(bench.numbers("top"), "1 3");
  EXPECT_EQ(bench.numbers("in"), "2");
}

TEST(Pipeline, detects_circles_of_labels_counts_them_and_names_the_way) {
  Bench bench(
      "<source>\n @type toy\n</source>\n<match a>\n @type relabel\n @label @A\n</match>\n<match b>\n @type relabel\n "
      "@label @SELF\n</match>\n"
      "<label @A>\n<match **>\n @type relabel\n @label @B\n</match>\n</label>\n"
      "<label @B>\n<match **>\n @type relabel\n @label @A\n</match>\n</label>\n"
      "<label @SELF>\n<match **>\n @type relabel\n @label @SELF\n</match>\n</label>\n");
  Outcomes outcomes;
  bench.send("a", 1, 2, outcomes.receipt(1));
  bench.send("b", 3);
  EXPECT_EQ(bench.pipeline->counters().dropped_loop.value(), 3u);
  EXPECT_TRUE(outcomes.settled.at(1)) << "dropped and counted: no use in sending it again";
  EXPECT_EQ(bench.log.count("tag \"a\" goes round in a circle of labels: @ROOT → @A → @B → @A; 2 events dropped"), 1u);
  EXPECT_EQ(bench.log.count("tag \"b\" goes round in a circle of labels: @ROOT → @SELF → @SELF; 1 events dropped"), 1u);
  bench.expect_balance();
}

TEST(Pipeline, runs_the_sections_of_a_worker_in_place) {
  Bench bench(cat("<worker 0>\n<source>\n @type toy\n</source>\n</worker>\n<worker 0-1>\n<match a>\n", out("a"),
                  "</match>\n</worker>\n<match b>\n @type relabel\n @label @E\n"
                  "</match>\n<match **>\n",
                  out("rest"), "</match>\n<worker 1>\n<label @E>\n</label>\n</worker>\n"));
  bench.send("a", 1);
  bench.send("c", 2);
  bench.send("b", 3);
  EXPECT_EQ(bench.numbers("a"), "1");
  EXPECT_EQ(bench.numbers("rest"), "2");
  EXPECT_EQ(bench.pipeline->counters().unmatched.value(), 1u);
}

TEST(Pipeline, reports_what_is_wrong_with_its_place) {
  EXPECT_EQ(build_error("<match **>\n  @type relabel\n  @label @NONE\n</match>\n"),
            "t.conf:3:10: there is no <label @NONE>: add it, or correct the name");
  EXPECT_EQ(build_error("<source>\n  @type toy\n  @label @NONE\n</source>\n"),
            "t.conf:3:10: there is no <label @NONE>: add it, or correct the name");
  EXPECT_EQ(build_error("<match **>\n  @type toy\n  @id x\n</match>\n<match b>\n  @type toy\n  @id x\n</match>\n"),
            "t.conf:7:7: @id 'x' is used twice: ids must be unique");
  EXPECT_THAT(build_error("<match **>\n  @type nul\n</match>\n"),
              StartsWith("t.conf:2:9: unknown output plugin 'nul' (did you mean 'null'?)"));
  EXPECT_THAT(build_error("<filter **>\n  @type grepp\n</filter>\n"),
              StartsWith("t.conf:2:9: unknown filter plugin 'grepp'"));
  EXPECT_THAT(build_error("<match **>\n  @type toy\n  <buffer>\n    @type fiel\n  </buffer>\n</match>\n"),
              StartsWith("t.conf:4:11: unknown buffer plugin 'fiel'"));
  EXPECT_THAT(build_error("<match **>\n  @type copy\n  <store>\n    @type fil\n  </store>\n</match>\n"),
              StartsWith("t.conf:4:11: unknown output plugin 'fil'"));
  EXPECT_EQ(build_error("<match **>\n</match>\n"),
            "t.conf:1:1: <match> has no '@type': add a line that says which plugin it is");
  EXPECT_THAT(build_error("<match a{>\n  @type toy\n</match>\n"), StartsWith("t.conf:1:1: <match a{>: "));
  EXPECT_THAT(build_error("<label @A>\n</label>\n<label @A>\n</label>\n"),
              StartsWith("t.conf:3:1: <label @A> is there twice"));
  EXPECT_THAT(build_error("<label>\n</label>\n"), StartsWith("t.conf:1:1: <label> needs a name"));
  EXPECT_THAT(build_error("<label @ROOT>\n</label>\n"), StartsWith("t.conf:1:1: @ROOT"));
  EXPECT_THAT(build_error("<match **>\n  @type copy\n</match>\n"),
              StartsWith("t.conf:1:1: copy: at least one <store>"));
}

TEST(Pipeline, warns_of_sections_that_mean_nothing_where_they_stand) {
  const Bench bench(cat(
      "<match **>\n", out("a"),
      "</match>\n<sources>\n</sources>\n<label @A>\n<source>\n @type toy\n</source>\n</label>\n<system>\n</system>\n"));
  EXPECT_THAT(bench.warnings, ElementsAre("t.conf:5:1: section <sources> is unknown here and has no effect",
                                          "t.conf:8:1: section <source> is unknown here and has no effect"));
}

TEST(Pipeline, names_what_has_no_id_by_kind_and_line) {
  Bench bench("<source>\n @type toy\n</source>\n<match **>\n @type toy\n</match>\n");
  EXPECT_EQ(bench.input().id, "in_toy:1");
  EXPECT_EQ(bench.pipeline->outputs().front()->id, "out_toy:4");
}

TEST(Pipeline, starts_every_output_and_says_which_one_could_not) {
  Bench bench(cat("<match a>\n", out("a"), "</match>\n<match **>\n", out("broken"), "</match>\n"));
  try {
    bench.pipeline->start_outputs();
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_STREQ(error.what(), "t.conf:5:1: broken: can't start");
  }
  EXPECT_THAT(bench.toys.started, ElementsAre("a", "broken"));
}

std::vector<std::string> unmatched_lines(Bench& bench) {
  std::vector<std::string> lines = bench.log.lines();
  std::erase_if(lines, [](const std::string& line) { return line.find("no patterns matched") == std::string::npos; });
  return lines;
}

TEST(Unmatched, events_are_reported_at_1_2_4_to_256_then_every_512) {
  Bench bench("<source>\n @type toy\n</source>\n<match x>\n @type null\n</match>\n");
  std::vector<int> reported;
  for (int n = 1; n <= 2100; ++n) {
    const std::size_t before = unmatched_lines(bench).size();
    bench.send("web", n);
    if (unmatched_lines(bench).size() != before) reported.push_back(n);
  }
  EXPECT_THAT(reported, ElementsAre(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1536, 2048));
  EXPECT_EQ(bench.pipeline->counters().unmatched.value(), 2100u);
  bench.expect_balance();
}

TEST(Unmatched, a_batch_that_jumps_over_several_steps_is_one_report) {
  Bench bench("<source>\n @type toy\n</source>\n<match x>\n @type null\n</match>\n");
  bench.send("web", 1, 1000);
  bench.send("web", 1, 1000);
  EXPECT_EQ(unmatched_lines(bench).size(), 2u);
  EXPECT_THAT(unmatched_lines(bench)[1], HasSubstr("2000 events so far"));
}

TEST(Unmatched, the_first_report_says_what_to_do_and_knows_dockers_default_tag) {
  Bench docker("<source>\n @type toy\n</source>\n<match docker.**>\n @type null\n</match>\n");
  docker.send("5780a95f0026", 1);
  docker.send("5780a95f0026", 2);
  EXPECT_THAT(unmatched_lines(docker)[0], HasSubstr("no patterns matched tag=\"5780a95f0026\""));
  EXPECT_THAT(unmatched_lines(docker)[0], HasSubstr("--log-opt tag=docker.{{.Name}}"));
  EXPECT_THAT(unmatched_lines(docker)[1], Not(HasSubstr("--log-opt")));
  Bench other("<source>\n @type toy\n</source>\n<match docker.**>\n @type null\n</match>\n");
  other.send("web.front", 1);
  EXPECT_THAT(unmatched_lines(other)[0], HasSubstr("Add a <match> for it, or a <match **> at the end"));
}

TEST(Routes, are_right_for_100000_tags_over_50_patterns) {
  std::string config = "<source>\n @type toy\n</source>\n";
  for (int i = 0; i < 50; ++i) config += cat("<match app", i, ".**>\n", out(cat("o", i)), "</match>\n");
  Bench bench(config);
  std::vector<std::size_t> sent(60);
  for (int round = 0; round < 2; ++round) {
    for (int n = 0; n < often(100'000); ++n) {
      const int app = n % 60;
      ++sent[static_cast<std::size_t>(app)];
      bench.send(cat("app", app, ".container", n), n);
    }
  }
  for (std::size_t i = 0; i < 50; ++i) {
    const ToySink& sink = bench.toys.sinks.at(cat("o", i));
    ASSERT_EQ(sink.rows.size(), sent[i]) << i;
    for (const testing::Row& row : sink.rows) ASSERT_TRUE(row.tag.starts_with(cat("app", i, ".container"))) << row;
  }
  EXPECT_EQ(bench.pipeline->counters().unmatched.value(),
            std::accumulate(sent.begin() + 50, sent.end(), std::size_t{0}));
  bench.expect_balance();
}

TEST(Routes, differ_by_the_filters_that_a_tag_meets) {
  Bench bench(cat("<source>\n @type toy\n</source>\n<filter a.**>\n @type toy\n @id drops\n</filter>\n<match **>\n",
                  out("o"), "</match>\n<filter **>\n @type toy\n @id late\n</filter>\n"),
              [](Toys& toys) {
                toys.filters["drops"] = [](const EventBatch& batch, FilterSink& sink) {
                  batch.for_each([&](const Event& e) { sink.drop(e); });
                };
                toys.filters["late"] = toys.filters["drops"];
              });
  bench.send("a.b", 1);
  bench.send("b", 2);
  EXPECT_EQ(bench.numbers("o"), "2");
  EXPECT_EQ(bench.pipeline->counters().filtered.value(), 1u);
  EXPECT_THAT(bench.warnings, IsEmpty());
}

}  // namespace
}  // namespace logboom::pipeline_test
