#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "buffer/segment_test_support.hpp"

namespace {

using namespace logboom;
using namespace logboom::test;
using testing::ElementsAre;

TestSegment three_frames() {
  TestSegment file;
  file.add("first");
  file.add(std::string(300, 'x'), 2, 3);
  file.add("the third", 1, 2);
  return file;
}

TEST(Segment, a_frame_is_read_as_it_was_written) {
  segment::Frame frame;
  frame.offset = 640;
  frame.chunk = 5;
  frame.written_ms = 1700000000123;
  frame.slice = -3600;
  frame.by_tag = true;
  frame.events = 7;
  frame.bytes = 30;
  frame.stored = 20;
  frame.payload_crc = 77;
  frame.codec = segment::Codec::zstd;
  std::string fields;
  segment::append_text("user", fields);
  segment::append_text("", fields);
  frame.fields = fields;
  frame.sections = {{"a", 3, 10}, {"", 4, 20}};
  frame.messages = {{{1, 2}, 3}, {{4, 5}, 1}};
  OutBuffer out;
  segment::write_frame_head(frame, test_nonce, out);
  ASSERT_EQ(out.size(), frame.head_size());
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(out.data()), out.size());
  segment::Frame read;
  ASSERT_EQ(segment::parse_frame(bytes, 640, test_nonce, read), segment::Parse::ok);
  EXPECT_EQ(read.chunk, 5u);
  EXPECT_EQ(read.written_ms, 1700000000123);
  EXPECT_EQ(read.slice, -3600);
  EXPECT_TRUE(read.by_tag);
  EXPECT_EQ(read.codec, segment::Codec::zstd);
  EXPECT_EQ(read.size(), frame.size());
  ASSERT_EQ(read.sections.size(), 2u);
  EXPECT_EQ(read.sections[0].tag, "a");
  EXPECT_EQ(read.sections[1].bytes, 20u);
  ASSERT_EQ(read.messages.size(), 2u);
  EXPECT_EQ(read.messages[0].message, (MessageId{1, 2}));
  EXPECT_EQ(read.messages[0].parts, 3u);
  std::string_view left = read.fields;
  EXPECT_EQ(segment::next_text(left), "user");
  EXPECT_EQ(segment::next_text(left), "");
  EXPECT_EQ(segment::next_text(left), std::nullopt);
  EXPECT_EQ(segment::parse_frame(bytes, 641, test_nonce, read), segment::Parse::bad) << "not at this offset";
  EXPECT_EQ(segment::parse_frame(bytes, 640, test_nonce + 1, read), segment::Parse::bad) << "not of this file";
  EXPECT_EQ(segment::parse_frame(bytes.first(100), 640, test_nonce, read), segment::Parse::more);
}

TEST(Segment, every_prefix_keeps_the_frames_that_are_whole_whatever_follows) {
  const TestSegment file = three_frames();
  std::mt19937 random(5);
  std::string garbage(700, '\0');
  for (char& c : garbage) c = static_cast<char>(random());
  for (std::size_t size = 0; size <= file.bytes.size(); ++size) {
    const auto whole = static_cast<std::size_t>(
        std::count_if(file.ends.begin(), file.ends.end(), [size](std::size_t end) { return end <= size; }));
    for (const std::string& suffix : {std::string(), std::string(700, '\0'), garbage}) {
      const std::string bytes = file.bytes.substr(0, size) + suffix;
      segment::Reader reader = reader_of(bytes);
      ASSERT_EQ(payloads(reader).size(), whole) << "cut at " << size << ", then " << suffix.size();
      ASSERT_TRUE(reader.damage().empty());
      const std::size_t intact = whole > 0 ? file.ends[whole - 1] : reader.head() ? segment::file_head_size : 0;
      ASSERT_EQ(reader.intact(), intact);
    }
  }
}

TEST(Segment, a_damaged_frame_is_stepped_over_and_the_ones_behind_it_are_read) {
  const TestSegment file = three_frames();
  for (std::size_t at = file.ends[0]; at < file.ends[1]; ++at) {
    std::string bytes = file.bytes;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x20);
    segment::Reader reader = reader_of(bytes);
    ASSERT_THAT(payloads(reader), ElementsAre("first", "the third")) << "changed at " << at;
    ASSERT_EQ(reader.damage().size(), 1u);
    EXPECT_EQ(reader.damage()[0].offset, file.ends[0]);
    EXPECT_EQ(reader.damage()[0].size, file.ends[1] - file.ends[0]);
    EXPECT_EQ(reader.intact(), bytes.size());
  }
}

TEST(Segment, frames_are_read_where_the_files_head_is_damaged) {
  for (std::size_t at = 0; at < segment::file_head_size; ++at) {
    TestSegment file = three_frames();
    file.bytes[at] = static_cast<char>(file.bytes[at] + 1);
    segment::Reader reader = reader_of(file.bytes);
    ASSERT_EQ(payloads(reader).size(), 3u) << at;
  }
}

TEST(Segment, a_frame_in_a_payload_is_never_taken_for_one) {
  TestSegment inner = three_frames();
  TestSegment file;
  file.add(inner.bytes);
  file.add("last");
  std::string bytes = file.bytes;
  bytes[segment::file_head_size + 20] = '!';  // the outer frame's head: the reader looks for the next frame
  segment::Reader reader = reader_of(bytes);
  EXPECT_THAT(payloads(reader), ElementsAre("last"));
}

TEST(Segment, random_damage_never_brings_what_was_not_written) {
  TestSegment file;
  std::vector<std::string> written;
  for (int i = 0; i < 40; ++i) {
    written.push_back("payload " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 7, 'p'));
    file.add(written.back());
  }
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = file.bytes;
    const std::size_t hits = 1 + random() % 6;
    for (std::size_t i = 0; i < hits; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 3 == 0) bytes.erase(random() % bytes.size(), 1 + random() % 100);
    segment::Reader reader = reader_of(bytes);
    auto expected = written.begin();
    for (const std::string& payload : payloads(reader)) {
      expected = std::find(expected, written.end(), payload);
      ASSERT_NE(expected, written.end()) << payload;
      ++expected;
    }
  }
}

TEST(Segment, frames_larger_than_the_readers_window_are_read) {
  TestSegment file;
  const std::string large(3'000'000, 'l');
  file.add("a");
  file.add(large);
  file.add("b");
  segment::Reader reader = reader_of(file.bytes);
  EXPECT_THAT(payloads(reader), ElementsAre("a", large, "b"));
  file.bytes[1'500'000] = '!';
  segment::Reader damaged = reader_of(file.bytes);
  EXPECT_THAT(payloads(damaged), ElementsAre("a", "b"));
  ASSERT_EQ(damaged.damage().size(), 1u);
  EXPECT_EQ(damaged.damage()[0].events, 1u);
}

}  // namespace
