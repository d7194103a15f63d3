#include <gmock/gmock.h>

#include <set>

#include <logboom/compress.hpp>
#include <logboom/msgpack.hpp>

#include "../answers.hpp"
#include "../message.hpp"

namespace {

using namespace logboom;
using namespace logboom::out_forward;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// `[EventTime, {"n": n}]`
std::string entry(std::uint8_t n) {
  return "\x92\xd7\x00\x65\x53\xf1\x00\x00\x00\x00\x05\x81\xa1n"s + static_cast<char>(n);
}

BatchPtr batch(std::string_view tag, std::initializer_list<std::uint8_t> numbers) {
  auto made = std::make_unique<EventBatch>(Tag::make(tag));
  for (const std::uint8_t n : numbers) {
    const std::string bytes = entry(n);
    const SlabPtr slab(Slab::make(bytes.size()));
    std::memcpy(slab->data(), bytes.data(), bytes.size());
    made->add(Span{slab->data(), static_cast<std::uint32_t>(bytes.size()), 1}, slab);
  }
  return BatchPtr(std::move(made));
}

/// The same, in one span.
BatchPtr joined(std::string_view tag, std::initializer_list<std::uint8_t> numbers) {
  std::string bytes;
  for (const std::uint8_t n : numbers) bytes += entry(n);
  const SlabPtr slab(Slab::make(bytes.size()));
  std::memcpy(slab->data(), bytes.data(), bytes.size());
  auto made = std::make_unique<EventBatch>(Tag::make(tag));
  made->add(Span{slab->data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(numbers.size())},
            slab);
  return BatchPtr(std::move(made));
}

Chunk chunk(std::vector<BatchPtr> batches) {
  Chunk chunk;
  chunk.id = "000102030405060708090a0b0c0d0e0f";
  for (const BatchPtr& batch : batches) chunk.events += batch->events();
  chunk.batches = std::move(batches);
  return chunk;
}

/// The messages' runs, portion by portion; what they lead to is held by the chunk.
std::vector<std::vector<TagRun>> portions_of(const Chunk& chunk, std::uint64_t limit) {
  std::vector<std::vector<TagRun>> all;
  Portions portions(limit, [&all](const std::vector<TagRun>& runs) { return all.push_back(runs), true; });
  chunk.for_each_batch([&portions](const BatchPtr& batch) { return portions.add(batch); });
  portions.finish();
  return all;
}

std::vector<TagRun> by_tag(const Chunk& chunk) { return portions_of(chunk, 1 << 20).front(); }

std::string bytes_of(const TagRun& run) {
  std::string bytes;
  for (const Span& span : run.spans) bytes.append(reinterpret_cast<const char*>(span.data), span.size);
  return bytes;
}

std::string bytes_of(const Message& message) {
  std::string bytes;
  for (const iovec& part : message.parts) bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
  return bytes;
}

TEST(OutForwardMessage, is_what_fluentd_sends) {
  const Chunk events = chunk({batch("a.b", {1, 2}), batch("a.b", {3})});
  Message message;
  MessageWriter().write(by_tag(events).front(), message_id(events.id, 0), message);
  EXPECT_EQ(bytes_of(message),
            "\x93\xa3"
            "a.b\xdb\x00\x00\x00\x2d"s +
                entry(1) + entry(2) + entry(3) +
                "\x83\xa4size\x03\xaa"
                "compressed\xa4text\xa5"
                "chunk\xb9"
                "AAECAwQFBgcICQoLDA0ODw==\n"s);
  EXPECT_EQ(message.events, 3u);
  MessageWriter().write(by_tag(events).front(), {}, message);
  EXPECT_THAT(bytes_of(message), ::testing::EndsWith("\x82\xa4size\x03\xaa"
                                                     "compressed\xa4text"));
}

TEST(OutForwardMessage, leads_to_the_bytes_that_were_received) {
  const Chunk events = chunk({batch("t", {1, 2})});
  Message message;
  MessageWriter().write(by_tag(events).front(), {}, message);
  ASSERT_EQ(message.parts.size(), 4u);
  EXPECT_EQ(message.parts[1].iov_base, events.batches[0]->spans()[0].data);
}

TEST(OutForwardMessage, there_is_one_for_each_tag) {
  const Chunk events = chunk({batch("a", {1}), batch("b", {2}), batch("a", {3})});
  const std::vector<TagRun> runs = by_tag(events);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].tag, "a");
  EXPECT_EQ(bytes_of(runs[0]), entry(1) + entry(3));
  EXPECT_EQ(runs[0].events, 2u);
}

TEST(OutForwardMessage, has_an_id_that_no_message_of_any_chunk_of_the_buffer_has) {
  EXPECT_EQ(message_id("000102030405060708090a0b0c0d0e0f", 0), "AAECAwQFBgcICQoLDA0ODw==\n");
  EXPECT_EQ(message_id("ffffffffffffffffffffffffffffffff", 0), "/////////////////////w==\n");
  std::set<std::string> ids;
  for (const char* last : {"0", "1", "2", "3", "4", "5", "6", "7"}) {
    for (std::uint32_t number = 0; number < 300; ++number) {
      ids.insert(message_id("5be0cd19137e2179000000000000000"s + last, number));
      ids.insert(message_id("5be0cd19137e21790000000"s + last + "00000001", number));
    }
  }
  // Chunk 1 is in both rows.
  EXPECT_EQ(ids.size(), 15u * 300);
}

TEST(OutForwardPortions, end_with_the_event_that_fills_them_however_batches_are_cut) {
  const std::size_t size = entry(0).size();
  const auto texts = [](const Chunk& chunk, std::uint64_t limit) {
    std::vector<std::string> all;
    for (const std::vector<TagRun>& runs : portions_of(chunk, limit)) {
      all.emplace_back();
      for (const TagRun& run : runs) all.back() += std::string(run.tag) + ":" + bytes_of(run) + ";";
    }
    return all;
  };
  const Chunk one = chunk({joined("a", {1, 2, 3, 4, 5}), joined("b", {6, 7})});
  const Chunk other = chunk({batch("a", {1}), joined("a", {2, 3, 4}), batch("a", {5}), batch("b", {6, 7})});
  for (std::uint64_t limit = 1; limit < 8 * size; ++limit) EXPECT_EQ(texts(one, limit), texts(other, limit)) << limit;
  EXPECT_THAT(texts(one, 2 * size + 1),
              ElementsAre("a:" + entry(1) + entry(2) + entry(3) + ";",
                          "a:" + entry(4) + entry(5) + ";b:" + entry(6) + ";", "b:" + entry(7) + ";"));
  EXPECT_THAT(texts(one, 7 * size), ElementsAre("a:" + entry(1) + entry(2) + entry(3) + entry(4) + entry(5) +
                                                ";b:" + entry(6) + entry(7) + ";"));
}

TEST(OutForwardPortions, stop_when_no_more_is_wanted) {
  const Chunk events = chunk({joined("a", {1, 2, 3}), batch("a", {4})});
  std::size_t sent = 0;
  Portions portions(1, [&sent](const std::vector<TagRun>&) { return ++sent < 2; });
  EXPECT_FALSE(portions.add(events.batches[0]));
  EXPECT_EQ(sent, 2u);
}

TEST(OutForwardMessage, times_may_be_whole_seconds) {
  const Chunk events = chunk({batch("t", {7})});
  MessageWriter writer;
  writer.time_as_integer = true;
  Message message;
  writer.write(by_tag(events).front(), {}, message);
  EXPECT_THAT(bytes_of(message), HasSubstr("\x00\x00\x00\x0a\x92\xce\x65\x53\xf1\x00\x81\xa1n\x07"s));
}

std::string unpacked(Compression compression, const std::string& packed) {
  DecompressBudget budget(1 << 20);
  DecompressBudget::Share share(budget);
  std::string out;
  const std::string_view piece = packed;
  const auto sink = [&out](std::string_view part) {
    out += part;
    return true;
  };
  const auto unpack = compression == Compression::gzip ? decompress_gzip : decompress_zstd;
  EXPECT_EQ(unpack({&piece, 1}, 1 << 20, share, sink), DecompressStatus::ok);
  return out;
}

TEST(OutForwardMessage, entries_may_be_compressed) {
  const Chunk events = chunk({batch("t", {1, 2}), batch("t", {3})});
  for (const auto& [compression, word] : {std::pair(Compression::gzip, "gzip"), std::pair(Compression::zstd, "zstd")}) {
    MessageWriter writer;
    writer.compression = compression;
    Message message;
    writer.write(by_tag(events).front(), {}, message);
    ASSERT_EQ(message.parts.size(), 3u);
    EXPECT_EQ(unpacked(compression, std::string(message.body.text())), entry(1) + entry(2) + entry(3));
    EXPECT_THAT(bytes_of(message), ::testing::EndsWith("\x82\xa4size\x03\xaa"
                                                       "compressed\xa4"s +
                                                       word));
  }
}

const std::string one =
    "\x81\xa3"
    "ack\xa2id";

TEST(OutForwardAnswers, are_read_however_they_are_cut) {
  const std::string stream = one +
                             "\x81\xa3"
                             "ack\xa3two";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    AnswerReader reader;
    std::vector<std::string> ids;
    EXPECT_EQ(reader.feed(stream.substr(0, cut), ids), "");
    EXPECT_EQ(reader.feed(stream.substr(cut), ids), "");
    EXPECT_THAT(ids, ElementsAre("id", "two"));
  }
}

TEST(OutForwardAnswers, an_alert_of_tls_is_known_however_it_is_cut) {
  const std::string alert("\x15\x03\x03\x00\x02\x02\x28", 7);
  std::vector<std::string> ids;
  EXPECT_THAT(AnswerReader().feed(alert, ids), HasSubstr("transport tls"));
  AnswerReader reader;
  EXPECT_EQ(reader.feed(alert.substr(0, 1), ids), "");
  EXPECT_THAT(reader.feed(alert.substr(1), ids), HasSubstr("transport tls"));
  AnswerReader later;
  EXPECT_EQ(later.feed(one, ids), "");
  EXPECT_THAT(later.feed(alert, ids), HasSubstr("no ack")) << "what has spoken msgpack goes on with it";
}

TEST(OutForwardAnswers, that_are_none_are_told) {
  const auto why = [](const std::string& bytes) {
    std::vector<std::string> ids;
    return AnswerReader().feed(bytes, ids);
  };
  EXPECT_THAT(why("\xc1"), HasSubstr("no ack"));
  EXPECT_THAT(why("\x05"), HasSubstr("no ack"));
  EXPECT_THAT(why("\x15\x05"), HasSubstr("no ack"));
  EXPECT_THAT(why("\x80"), HasSubstr("no ack"));
  EXPECT_THAT(why("\x81\xa3"
                  "ack\x05"),
              HasSubstr("no ack"));
  EXPECT_THAT(why("\xdb\x7f\xff\xff\xff" + std::string(5000, 'x')), HasSubstr("no ack"));
  EXPECT_THAT(why("\x92\xa4HELO\x80"), HasSubstr("<security>"));
  EXPECT_THAT(why("HTTP/1.1 400 Bad Request"), HasSubstr("no ack"));
  EXPECT_EQ(why("\x82\xa1x\x01\xa3"
                "ack\xa2id"),
            "");
}

}  // namespace
