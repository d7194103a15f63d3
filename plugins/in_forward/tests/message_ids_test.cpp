#include <gmock/gmock.h>

#include "forward_fixture.hpp"

namespace logboom::in_forward::test {
namespace {

const Raw t1 = num(1700000001);
const std::string docker_id = "AAAAAGVTxYEf8m0kzSOQmw==";  // as Docker's client makes them
const std::string other_id = "AAAAAGVTxYEf8m0kzSOQmx==";
const std::string fluent_bit_id = "0123456789abcdef0123456789abcdef";

Raw message(std::string_view id, std::string_view log = "x", std::string_view tag = "t") {
  return arr({str(tag), t1, rec(log), chunk(id)});
}

/// One input, and connections to it.
struct Input {
  explicit Input(Options options = {}) : shared(std::move(options), host) {}
  std::unique_ptr<SessionDriver> connect(Settle settle = Settle::by_hand, Peer peer = {}) {
    return std::make_unique<SessionDriver>(
        [this](net::Connection& connection) { return std::make_unique<ForwardSession>(connection, shared); },
        std::move(peer), settle);
  }
  testing::FakeHost host;
  Shared shared;
};

std::vector<MessageId> ids_of(SessionDriver& driver) {
  std::vector<MessageId> ids;
  for (const Delivery& delivery : driver.connection().deliveries()) ids.push_back(delivery.id);
  return ids;
}
MessageId id_on_its_own(Input& input, const Raw& bytes, Peer peer = {}) {
  const auto driver = input.connect(Settle::confirm, std::move(peer));
  driver->feed(bytes);
  return ids_of(*driver).at(0);
}

TEST(ForwardIds, a_message_that_is_sent_again_has_the_same_id_on_another_connection_and_after_a_restart) {
  Input input, restarted;
  const MessageId id = id_on_its_own(input, message(docker_id));
  EXPECT_TRUE(id);
  EXPECT_EQ(id_on_its_own(input, message(docker_id), {"192.0.2.7:60000", "192.0.2.7", "again"}), id);
  EXPECT_EQ(id_on_its_own(restarted, message(docker_id)), id);
}

TEST(ForwardIds, messages_differ_by_sender_id_source_tag_and_events) {
  Input input;
  const MessageId id = id_on_its_own(input, message(docker_id));
  EXPECT_NE(id_on_its_own(input, message(other_id)), id);
  EXPECT_NE(id_on_its_own(input, message(docker_id), {"192.0.2.8:50123", "192.0.2.8", "other"}), id);
  EXPECT_NE(id_on_its_own(input, message(docker_id, "x", "u")), id);
  EXPECT_NE(id_on_its_own(input, message(docker_id, "y")), id) << "one id for everything loses nothing";
}

TEST(ForwardIds, an_id_that_is_short_or_no_text_names_nothing) {
  Input input;
  for (const Raw& raw : {str("1"), str(""), num(5), str("0123456789abcde"), nil(), bin("short")}) {
    EXPECT_FALSE(id_on_its_own(input, arr({str("t"), t1, rec("x"), map({{str("chunk"), raw}})})));
  }
  EXPECT_FALSE(id_on_its_own(input, arr({str("t"), t1, rec("x"), map({})})));
  EXPECT_TRUE(id_on_its_own(input, arr({str("t"), t1, rec("x"), map({{str("chunk"), bin("0123456789abcdef")}})})));
}

TEST(ForwardIds, each_message_with_an_id_is_a_batch_of_its_own_however_the_stream_is_cut) {
  const Raw stream = message(docker_id, "a") + message(other_id, "b") + arr({str("t"), t1, rec("c"), map({})}) +
                     message(docker_id, "d") +
                     arr({str("t"), arr({arr({t1, rec("e")}), arr({t1, rec("f")})}), chunk(other_id)});
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Input input;
    const auto driver = input.connect(Settle::confirm);
    driver->feed_cut(stream, std::vector<std::size_t>{cut});
    const auto& deliveries = driver->connection().deliveries();
    ASSERT_EQ(deliveries.size(), 5U) << "cut at " << cut;
    std::vector<std::uint64_t> events;
    for (const Delivery& delivery : deliveries) events.push_back(delivery.batch->events());
    EXPECT_EQ(events, (std::vector<std::uint64_t>{1, 1, 1, 1, 2}));
    for (const std::size_t named : {0U, 1U, 3U, 4U}) EXPECT_TRUE(deliveries[named].id);
    EXPECT_FALSE(deliveries[2].id);
    EXPECT_TRUE(driver->run_timers());
    EXPECT_EQ(driver->connection().sent().size(), 4U);
  }
}

TEST(ForwardIds, a_message_has_the_same_id_however_its_bytes_arrive) {
  for (const std::size_t size : {30U, 500U, 900U}) {
    Raw entries;
    for (int i = 0; i < 4; ++i)
      entries += arr({num(1700000001 + i), rec(std::string(size, static_cast<char>('a' + i)))});
    const Raw stream = arr({str("t"), bin(entries), chunk(docker_id)});
    Input input;
    const MessageId id = id_on_its_own(input, stream);
    for (std::size_t cut = 1; cut < stream.size(); cut += 1 + size / 50) {
      const auto driver = input.connect(Settle::confirm);
      driver->feed_cut(stream, std::vector<std::size_t>{cut, cut + size / 3});
      ASSERT_EQ(ids_of(*driver).at(0), id) << "cut at " << cut << " of " << stream.size();
    }
    Raw other = stream;
    other[stream.find("bbb") + size / 2] = 'z';
    EXPECT_EQ(id_on_its_own(input, other) == id, size == 900U) << "what is in the middle of a large one does not count";
  }
}

TEST(ForwardIds, compressed_messages_have_ids_too) {
  Input input;
  const auto packed = [&](std::string_view id, const Raw& payload, std::string_view compressed) {
    return arr({str("t"), bin(payload), map({{str("chunk"), str(id)}, {str("compressed"), str(compressed)}})});
  };
  const Raw entries = arr({t1, rec("a")}) + arr({t1, rec("b")});
  const MessageId id = id_on_its_own(input, packed(docker_id, gzip(entries), "gzip"));
  EXPECT_TRUE(id);
  EXPECT_EQ(id_on_its_own(input, packed(docker_id, zstd(entries), "zstd")), id) << "what counts is the events";
  EXPECT_EQ(id_on_its_own(input, packed(docker_id, entries, "text")), id);
}

TEST(ForwardIds, identical_payloads_of_fluent_bit_are_different_messages_once_the_first_was_acked) {
  Input input;
  const auto driver = input.connect(Settle::confirm);
  driver->feed(message(fluent_bit_id));
  driver->feed(message(fluent_bit_id));
  const auto ids = ids_of(*driver);
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_TRUE(ids[0]);
  EXPECT_NE(ids[0], ids[1]);
  driver->end();
  EXPECT_NE(id_on_its_own(input, message(fluent_bit_id)), ids[1]) << "both were acked before the connection ended";
}

TEST(ForwardIds, identical_payloads_of_fluent_bit_under_way_at_once_are_different_messages) {
  Input input;
  const auto first = input.connect();
  const auto second = input.connect();
  first->feed(message(fluent_bit_id));
  second->feed(message(fluent_bit_id));
  EXPECT_NE(ids_of(*first).at(0), ids_of(*second).at(0));
}

TEST(ForwardIds, a_message_of_fluent_bit_whose_connection_ended_before_the_ack_is_known_when_it_comes_again) {
  Input input;
  auto lost = input.connect();
  lost->feed(message(fluent_bit_id) + message(fluent_bit_id) + message(fluent_bit_id, "other"));
  const auto ids = ids_of(*lost);
  lost->end();
  const auto again = input.connect(Settle::confirm);
  for (int i = 0; i < 3; ++i) again->feed(message(fluent_bit_id));
  const auto known = ids_of(*again);
  EXPECT_THAT((std::vector<MessageId>{known[0], known[1]}), ::testing::UnorderedElementsAre(ids[0], ids[1]));
  EXPECT_NE(known[2], ids[2]);
  EXPECT_NE(known[2], ids[0]) << "each is known once";
  EXPECT_NE(known[2], ids[1]);
}

TEST(ForwardIds, a_message_that_could_not_be_made_safe_is_known_when_it_comes_again) {
  Input input;
  const auto lost = input.connect(Settle::fail);
  lost->feed(message(fluent_bit_id));
  const MessageId id = ids_of(*lost).at(0);
  EXPECT_EQ(id_on_its_own(input, message(fluent_bit_id)), id);
}

TEST(ForwardIds, a_message_of_fluent_bit_whose_ack_was_refused_is_known_when_it_comes_again) {
  Input input;
  for (const bool finished : {false, true}) {
    for (const net::End end : {net::End::peer_closed, net::End::peer_reset, net::End::refused}) {
      const auto gone = input.connect();
      gone->feed(message(fluent_bit_id));
      const MessageId id = ids_of(*gone).at(0);
      gone->connection().set_peer_finished(finished);
      gone->connection().confirm(0);
      gone->deliver_outcomes();
      EXPECT_EQ(gone->connection().sent().size(), 1U);
      gone->end(end);
      const bool known = id_on_its_own(input, message(fluent_bit_id)) == id;
      EXPECT_EQ(known, finished && end == net::End::refused) << "else the ack may have been read";
    }
  }
}

TEST(ForwardIds, a_restarted_input_does_not_know_fluent_bits_messages) {
  Input input, restarted;
  const auto lost = input.connect();
  lost->feed(message(fluent_bit_id));
  const MessageId id = ids_of(*lost).at(0);
  lost->end();
  EXPECT_NE(id_on_its_own(restarted, message(fluent_bit_id)), id);
}

TEST(ForwardIds, the_level_that_is_asked_for_travels_with_the_receipts) {
  for (const AckLevel level : {AckLevel::by_output, AckLevel::memory, AckLevel::disk, AckLevel::delivered}) {
    Options options;
    options.ack = level;
    Input input(options);
    const auto driver = input.connect();
    driver->feed(message(docker_id) + message("1") + message("2"));
    for (const Delivery& delivery : driver->connection().deliveries()) EXPECT_EQ(delivery.receipts.level, level);
  }
}

}  // namespace
}  // namespace logboom::in_forward::test
