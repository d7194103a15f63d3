#include "record/entry_writer.hpp"

#include <gtest/gtest.h>

#include <string>

#include <logboom/testing/events.hpp>

namespace logboom {
namespace {

Event read(const Span& span) {
  Event event;
  EntryCursor cursor(span);
  EXPECT_TRUE(cursor.next(event));
  return event;
}

TEST(EntryWriter, writes_what_a_cursor_reads) {
  EntryWriter writer;
  for (const EventTime time : {EventTime{0, 0}, EventTime{1700000000, 999'999'999}, EventTime{0xffffffff, 1}}) {
    const Event event = read(writer.write(time, testing::msgpack_of("{\"a\":1}")));
    EXPECT_EQ(event.time, time);
    EXPECT_EQ(testing::json_text(event.record.value()), "{\"a\":1}");
  }
  EXPECT_EQ(read(writer.write({-5, 0}, testing::msgpack_of("{}"))).time, (EventTime{-5, 0}));
  EXPECT_EQ(read(writer.write({1LL << 40, 0}, testing::msgpack_of("{}"))).time, (EventTime{1LL << 40, 0}));
}

TEST(EntryWriter, uses_its_memory_again_when_nobody_holds_it) {
  EntryWriter writer;
  const std::uint8_t* first = writer.write({1, 0}, "\x80").data;
  EXPECT_EQ(writer.write({2, 0}, "\x80").data, first);
  const SlabPtr held = writer.slab();
  const Span kept = writer.write({3, 0}, "\x80");
  EXPECT_NE(kept.data, first);
  EXPECT_NE(writer.write({4, 0}, "\x80").data, kept.data);
  EXPECT_EQ(read(kept).time.sec, 3);
}

TEST(EntryWriter, takes_records_larger_than_its_memory) {
  EntryWriter writer;
  const std::string json = "{\"a\":\"" + std::string(1'000'000, 'x') + "\"}";
  const Span span = writer.write({1, 0}, testing::msgpack_of(json));
  EXPECT_EQ(testing::json_text(read(span).record.value()), json);
}

}  // namespace
}  // namespace logboom
