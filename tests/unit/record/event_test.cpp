#include <logboom/event.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using logboom::BatchPtr;
using logboom::Bytes;
using logboom::EntryCursor;
using logboom::Event;
using logboom::EventBatch;
using logboom::EventTime;
using logboom::OutBuffer;
using logboom::Record;
using logboom::Span;
using logboom::Tag;
using logboom::msgpack::Value;
using logboom::msgpack::Writer;

const std::uint8_t* begin_of(std::string_view bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }
Value value_of(std::string_view bytes) { return {begin_of(bytes), begin_of(bytes) + bytes.size()}; }
template <class F>
std::string written(F&& write) {
  OutBuffer out;
  Writer writer(out);
  write(writer);
  return std::string(out.text());
}
std::string entry(std::int64_t sec, std::int64_t n) {
  return written([&](Writer& w) { w.array(2), w.integer(sec), w.map(1), w.string("n"), w.integer(n); });
}
std::vector<std::int64_t> numbers_of(const EventBatch& batch) {
  std::vector<std::int64_t> numbers;
  batch.for_each([&](const Event& event) {
    std::int64_t n = -1;
    event.record.find("n").to_int(n);
    numbers.push_back(n);
  });
  return numbers;
}

TEST(Record, a_field_is_found_by_its_key) {
  const std::string bytes = written([](Writer& w) {
    w.map(4);
    w.integer(1), w.string("one"), w.string("map"), w.map(1), w.string("log"), w.string("inner");
    w.binary("log"), w.string("outer"), w.string("last"), w.nil();
  });
  const Record record(value_of(bytes));
  EXPECT_EQ(record.size(), 4u);
  EXPECT_EQ(record.find("log").text(), "outer");
  EXPECT_TRUE(record.find("last"));
  EXPECT_FALSE(record.find("lo"));
  EXPECT_FALSE(record.find("1"));
}

TEST(Record, of_two_fields_with_one_key_the_last_counts) {
  const std::string bytes =
      written([](Writer& w) { w.map(2), w.string("a"), w.integer(1), w.string("a"), w.string("2"); });
  EXPECT_EQ(Record(value_of(bytes)).find("a").text(), "2");
}

TEST(Record, an_empty_record_has_no_fields) {
  EXPECT_EQ(Record(value_of("\x80")).size(), 0u);
  EXPECT_FALSE(Record(value_of("\x80")).find("a"));
}

TEST(EntryCursor, headers_of_every_width_and_times_of_every_kind_are_read) {
  using std::string_literals::operator""s;
  const std::string map = "\x81\xa1n\x01";
  const std::string bytes =
      "\x92\x05" + map + "\xdc\x00\x02\xcc\xff"s + map + "\xdd\x00\x00\x00\x02\xce\x00\x01\x00\x00"s + map +
      "\x92\xd7\x00\x00\x00\x00\x07\x00\x00\x00\x09"s + map + "\x92\xc7\x08\x00\x00\x00\x00\x08\x00\x00\x00\x0a"s +
      map + "\x92\xc8\x00\x08\x00\x00\x00\x00\x09\x00\x00\x00\x0b"s + map + "\x92\xff" + map +
      "\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff" + map;
  EntryCursor cursor(Span{begin_of(bytes), static_cast<std::uint32_t>(bytes.size()), 8});
  Event event;
  std::vector<EventTime> times;
  const std::uint8_t* expected = begin_of(bytes);
  while (cursor.next(event)) {
    times.push_back(event.time);
    EXPECT_EQ(event.record.size(), 1u);
    EXPECT_EQ(event.entry.begin(), expected);
    expected = event.entry.end();
  }
  EXPECT_EQ(expected, begin_of(bytes) + bytes.size());
  const std::int64_t latest = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(times,
            (std::vector<EventTime>{{5, 0}, {255, 0}, {65536, 0}, {7, 9}, {8, 10}, {9, 11}, {-1, 0}, {latest, 0}}));
}

TEST(EntryCursor, a_single_entry_is_read_like_one_of_many) {
  const std::string bytes = entry(20, 7);
  EntryCursor cursor(Span{begin_of(bytes), static_cast<std::uint32_t>(bytes.size()), 1});
  Event event;
  ASSERT_TRUE(cursor.next(event));
  EXPECT_EQ(event.time, (EventTime{20, 0}));
  EXPECT_EQ(event.record.value().end(), begin_of(bytes) + bytes.size());
  EXPECT_FALSE(cursor.next(event));
}

TEST(EntryTime, what_is_neither_integer_nor_event_time_is_refused) {
  for (const std::string_view bytes :
       {std::string_view("\xa1x"), std::string_view("\xc0"), std::string_view("\xcb........"),
        std::string_view("\xcd\x01"), std::string_view("\xd7\x00...", 5), std::string_view()}) {
    const std::uint8_t* p = begin_of(bytes);
    EventTime time;
    EXPECT_FALSE(logboom::read_time(p, begin_of(bytes) + bytes.size(), time));
  }
}

TEST(EventBatch, spans_side_by_side_in_one_slab_become_one) {
  const std::string first = entry(1, 1);
  const std::string second = entry(1, 2);
  const Bytes bytes = Bytes::copy_of(first + second);
  EventBatch batch(Tag::make("t"));
  batch.add({bytes.data(), static_cast<std::uint32_t>(first.size()), 1}, bytes.slab());
  batch.add({bytes.data() + first.size(), static_cast<std::uint32_t>(second.size()), 1}, bytes.slab());
  EXPECT_EQ(batch.spans().size(), 1u);
  EXPECT_EQ(batch.slabs().size(), 1u);
  EXPECT_EQ(batch.events(), 2u);
  EXPECT_EQ(batch.bytes(), bytes.size());
  EXPECT_EQ(numbers_of(batch), (std::vector<std::int64_t>{1, 2}));
}

TEST(EventBatch, spans_with_a_gap_or_in_other_slabs_stay_apart) {
  const std::string one = entry(1, 1);
  const auto size = static_cast<std::uint32_t>(one.size());
  const Bytes a = Bytes::copy_of(one + "gap" + entry(1, 2));
  const Bytes b = Bytes::copy_of(entry(1, 3));
  EventBatch batch(Tag::make("t"));
  batch.add({a.data(), size, 1}, a.slab());
  batch.add({a.data() + size + 3, size, 1}, a.slab());
  batch.add({b.data(), size, 1}, b.slab());
  EXPECT_EQ(batch.spans().size(), 3u);
  EXPECT_EQ(batch.slabs().size(), 2u);
  EXPECT_EQ(numbers_of(batch), (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(EventBatch, it_keeps_the_slabs_of_its_events_until_its_last_holder_is_gone) {
  Bytes bytes = Bytes::copy_of(entry(1, 5));
  logboom::SlabPtr slab = bytes.slab();
  auto batch = std::make_unique<EventBatch>(Tag::make("a.b"));
  batch->add({bytes.data(), static_cast<std::uint32_t>(bytes.size()), 1}, slab);
  bytes = Bytes();
  BatchPtr held(std::move(batch));
  {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([copy = held] { EXPECT_EQ(numbers_of(*copy), std::vector<std::int64_t>{5}); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(held->tag().text(), "a.b");
  EXPECT_FALSE(slab->unique());
  held = BatchPtr();
  EXPECT_TRUE(slab->unique());
}

TEST(EventBatch, few_bytes_move_out_of_a_slab_and_let_it_go) {
  const std::string text = entry(1, 1) + entry(2, 2) + entry(3, 3);
  Bytes bytes = Bytes::copy_of(text);
  const logboom::SlabPtr slab = bytes.slab();
  const std::uint8_t* data = bytes.data();
  bytes = Bytes();
  const auto size = static_cast<std::uint32_t>(text.size() / 3);
  EventBatch batch(Tag::make("t"));
  batch.add({data, size, 1}, slab);
  batch.add({data + 2 * size, size, 1}, slab);
  const logboom::SlabPtr target(logboom::Slab::make(1024));
  std::size_t used = 0;
  batch.move_out(0, slab, 10, target, used);
  EXPECT_FALSE(slab->unique()) << "as many bytes as the limit stay where they are";
  batch.move_out(0, slab, 1000, target, used);
  EXPECT_TRUE(slab->unique());
  EXPECT_EQ(used, 2 * size);
  EXPECT_EQ(batch.events(), 2U);
  EXPECT_EQ(numbers_of(batch), (std::vector<std::int64_t>{1, 3}));
}

TEST(EventBatch, moved_out_of_a_slab_keeps_it_for_what_was_left_there_before) {
  EventBatch batch(Tag::make("t"));
  const logboom::SlabPtr slab(logboom::Slab::make(1024));
  const logboom::SlabPtr target(logboom::Slab::make(1024));
  std::memset(slab->data(), 'a', 1024);
  batch.add(Span{slab->data(), 500, 1}, slab);
  std::size_t used = 0;
  batch.move_out(0, slab, 100, target, used);
  batch.add(Span{slab->data() + 600, 50, 1}, slab);
  batch.move_out(1, slab, 100, target, used);
  EXPECT_EQ(used, 50U);
  EXPECT_FALSE(slab->unique()) << "the first span stands in it";
}

TEST(Tag, its_text_may_be_any_bytes_and_is_its_own) {
  std::string text("a/b:\0\xff.c", 8);
  const Tag tag = Tag::make(text);
  text.assign("overwritten");
  EXPECT_EQ(tag.text(), std::string_view("a/b:\0\xff.c", 8));
  EXPECT_EQ(Tag().text(), "");
  EXPECT_FALSE(Tag());
}

TEST(Tag, copies_are_the_same_object_and_equal_texts_are_not) {
  const Tag tag = Tag::make("t");
  EXPECT_TRUE(tag.unique());
  const Tag copy = tag;
  EXPECT_FALSE(tag.unique());
  EXPECT_TRUE(copy.same_object(tag));
  EXPECT_FALSE(Tag::make("t").same_object(tag));
}

}  // namespace
