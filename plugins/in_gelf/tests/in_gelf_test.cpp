#include <gmock/gmock.h>

#include <algorithm>

#include <logboom/compress.hpp>
#include <logboom/input.hpp>
#include <logboom/testing.hpp>

#include "../chunks.hpp"

namespace logboom::plugins {
PluginInfo in_gelf();
}

namespace {

using namespace logboom;
using namespace logboom::testing;
using ::testing::ElementsAre;
using Params = FakeContext::Params;

struct Started {
  explicit Started(Params params = {}) {
    params.insert(params.begin(), {"tag", "g"});
    context.emplace("source", "gelf", params);
    plugin = plugins::in_gelf().make(context->element(), *context);
    dynamic_cast<Input&>(*plugin).start(host);
  }
  void datagrams(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) host.datagrams().handler().on_datagram(FakeDatagram(text));
    host.datagrams().handler().on_pause();
  }
  std::vector<Row> rows() { return host.datagrams().rows(); }

  std::optional<FakeContext> context;
  std::unique_ptr<Plugin> plugin;
  FakeHost host;
};

const std::string of_docker =
    R"({"version":"1.1","host":"vm","short_message":"hi","timestamp":1795394026.673,"level":6,"_container_name":"web"})";
const Row row_of_docker{"g", "1795394026.673000000",
                        R"({"version":"1.1","host":"vm","short_message":"hi","level":6,"container_name":"web"})"};

std::string compressed(std::string_view text) {
  OutBuffer out;
  gzip_compress(text, out);
  return std::string(out.text());
}

std::vector<std::string> chunked(std::string_view text, std::size_t part, char id = 'A') {
  std::vector<std::string> chunks;
  const std::size_t count = text.size() / part + 1;
  for (std::size_t i = 0; i < count; ++i) {
    std::string chunk = "\x1e\x0f" + std::string(8, id);
    chunk.push_back(static_cast<char>(i));
    chunk.push_back(static_cast<char>(count));
    chunks.push_back(chunk + std::string(text.substr(i * part, part)));
  }
  return chunks;
}

TEST(InGelf, reads_messages_compressed_or_not) {
  Started started;
  started.datagrams({of_docker, compressed(of_docker)});
  EXPECT_THAT(started.rows(), ElementsAre(row_of_docker, row_of_docker));
}

TEST(InGelf, no_field_comes_twice_where_an_additional_one_has_the_name_of_another) {
  Started started;
  started.datagrams({R"({"host":"vm","_host":"web","_a":1,"_short_message":"y","short_message":"x"})"});
  EXPECT_THAT(started.rows(),
              ElementsAre(::testing::Field(
                  &Row::record, R"({"host":"vm","_host":"web","a":1,"_short_message":"y","short_message":"x"})")));
}

TEST(InGelf, puts_chunks_together_in_any_order) {
  Started started;
  std::vector<std::string> chunks = chunked(of_docker, 20);
  const std::vector<std::string> others = chunked(compressed(of_docker), 30, 'B');
  chunks.insert(chunks.begin() + 2, others.begin(), others.end());
  std::reverse(chunks.begin(), chunks.end());
  chunks.push_back(chunks.back());
  started.datagrams(chunks);
  EXPECT_THAT(started.rows(), ElementsAre(row_of_docker, row_of_docker));
}

TEST(InGelf, an_empty_last_chunk_is_one) {
  Started started;
  started.datagrams(chunked(of_docker, of_docker.size()));
  EXPECT_THAT(started.rows(), ElementsAre(row_of_docker));
}

TEST(InGelf, chunks_that_are_not_whole_are_given_up) {
  in_gelf::Chunks chunks;
  std::string message;
  const auto now = in_gelf::Chunks::Clock::time_point{};
  const std::vector<std::string> parts = chunked(of_docker, 100);
  EXPECT_EQ(chunks.add("a", parts[0], now, message), in_gelf::Chunks::Outcome::waiting);
  EXPECT_EQ(chunks.add("b", parts[1], now, message), in_gelf::Chunks::Outcome::waiting);
  EXPECT_EQ(chunks.expire(now + std::chrono::seconds(4)), 0u);
  EXPECT_EQ(chunks.expire(now + std::chrono::seconds(5)), 2u);
  for (const char* bad : {"\x1e\x0f",
                          "\x1e\x0f"
                          "AAAAAAAA\x02\x02x",
                          "\x1e\x0f"
                          "AAAAAAAA\x01\xff"}) {
    EXPECT_EQ(chunks.add("a", bad, now, message), in_gelf::Chunks::Outcome::invalid) << bad;
  }
  const std::string big(60'000, 'x');
  for (int i = 0; i < 2000; ++i) {
    std::string chunk = "\x1e\x0f" + std::to_string(10'000'000 + i);
    chunk.push_back('\0');
    chunk.push_back('\x02');
    chunks.add("a", chunk + big, now + std::chrono::milliseconds(i), message);
  }
  EXPECT_LE(chunks.waiting(), in_gelf::Chunks::most_bytes / big.size());
}

TEST(InGelf, over_tcp_a_nul_ends_each_message_wherever_the_stream_is_cut) {
  Started started(
      Params{{"protocol_type", "tcp"}, {"source_address_key", "from"}, {"strip_leading_underscore", "false"}});
  using namespace std::string_literals;
  const std::string stream = "{\"_a\":1}\0\n{\"b\":[2]}\0no\0{\"c\":3}\0rest"s;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    const auto client = started.host.connect();
    client->feed_cut(stream, std::vector<std::size_t>{cut});
    client->end();
    std::vector<std::string> records;
    for (const Row& row : client->connection().rows()) records.push_back(row.record);
    EXPECT_THAT(records, ElementsAre(R"({"_a":1,"from":"192.0.2.7"})", R"({"b":[2],"from":"192.0.2.7"})",
                                     R"({"c":3,"from":"192.0.2.7"})"))
        << cut;
  }
  EXPECT_EQ(started.host.dropped_counts()["unmatched"], stream.size() - 1);
  EXPECT_EQ(started.host.dropped_counts()["unterminated"], stream.size() - 1);
}

TEST(InGelf, what_is_too_long_is_dropped_and_counted) {
  Started tcp(Params{{"protocol_type", "tcp"}, {"message_length_limit", "10"}});
  const auto client = tcp.host.connect();
  client->feed_bytewise(std::string("{\"a\":\"bcdefghi\"}\0{\"a\":1}\0", 25));
  EXPECT_EQ(client->connection().rows().size(), 1u);
  EXPECT_EQ(tcp.host.dropped_counts()["too_long"], 1u);
  Started bomb(Params{{"message_length_limit", "1k"}});
  bomb.datagrams({compressed("{\"a\":\"" + std::string(100'000, 'x') + "\"}")});
  EXPECT_TRUE(bomb.rows().empty());
  EXPECT_EQ(bomb.host.dropped_counts()["unmatched"], 1u);
}

}  // namespace
