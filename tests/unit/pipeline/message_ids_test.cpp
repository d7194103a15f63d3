#include <gmock/gmock.h>

#include "pipeline/pipeline_test_support.hpp"

// Ids of messages on their way to the buffers, which tell by them what was sent again.
namespace logboom::pipeline_test {
namespace {

using ::testing::ElementsAre;

constexpr MessageId id{7, 9};
const std::string source = "<source>\n @type toy\n</source>\n";

void send(Bench& bench, std::string_view tag, int n, const MessageId& of) {
  Bench::emit(*bench.dispatcher->emitter(bench.input_node()), bench.flow, tag, n, 1, {}, of);
}

TEST(MessageIds, go_with_the_events_through_filters_and_parking_to_every_sink) {
  Bench bench(source +
                  "<filter **>\n @type toy\n @id f\n</filter>\n<match **>\n @type copy\n"
                  " <store>\n @type toy\n @id a\n </store>\n <store>\n @type toy\n @id b\n </store>\n</match>\n",
              [](Toys& toys) {
                toys.sinks["b"].room = 0;
                toys.filters["f"] = [](const EventBatch& batch, FilterSink& sink) {
                  batch.for_each([&](const Event& event) { sink.replace(event, event.time, "\x80"); });
                };
              });
  send(bench, "t", 1, id);
  bench.make_room("b", 1);
  EXPECT_THAT(bench.toys.sinks["a"].ids, ElementsAre(id));
  EXPECT_THAT(bench.toys.sinks["b"].ids, ElementsAre(id));
}

TEST(MessageIds, of_one_message_that_reaches_a_sink_twice_are_two_and_the_same_when_it_is_sent_again) {
  Bench bench(source +
              "<match **>\n @type copy\n <store>\n @type relabel\n @label @X\n </store>\n"
              " <store>\n @type relabel\n @label @X\n </store>\n</match>\n"
              "<label @X>\n <match **>\n @type toy\n @id a\n </match>\n</label>\n");
  send(bench, "t", 1, id);
  send(bench, "t", 1, id);
  const std::vector<MessageId>& ids = bench.toys.sinks["a"].ids;
  ASSERT_EQ(ids.size(), 4u);
  EXPECT_FALSE(ids[0] == ids[1]);
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_EQ(ids[1], ids[3]);
}

TEST(MessageIds, are_forgotten_where_a_filter_adds_what_it_held_of_other_messages) {
  Bench bench(source + "<filter **>\n @type pairs\n</filter>\n<match **>\n @type toy\n @id a\n</match>\n");
  send(bench, "t", 1, {1, 1});
  send(bench, "t", 2, id);
  EXPECT_EQ(bench.numbers("a"), "3");
  EXPECT_THAT(bench.toys.sinks["a"].ids, ElementsAre(MessageId()));
}

}  // namespace
}  // namespace logboom::pipeline_test
