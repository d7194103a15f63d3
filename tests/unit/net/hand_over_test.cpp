#include "net/hand_over.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include <logboom/session_state.hpp>

#include "net/descriptor_channel.hpp"
#include "net/net_test_support.hpp"

namespace logboom::net_test {
namespace {

using net::DescriptorChannel;
using net::Fd;
using net::HandedConnection;
using net::Legacy;

int listening_socket() {
  Fd fd = net::bind_port("127.0.0.1", 0, SOCK_STREAM);
  return fd.take();
}

HandedConnection connection(std::string unconsumed) {
  HandedConnection out;
  out.fd = Fd(::dup(0));
  out.listener = "forward tcp://127.0.0.1:24224";
  out.peer = {"192.0.2.7:50123", "192.0.2.7", "host"};
  out.prompt = true;
  out.begun = true;
  out.state = std::string("st\0ate", 6);
  out.unconsumed = std::move(unconsumed);
  return out;
}

Legacy some_legacy() {
  Legacy legacy;
  legacy.sockets.push_back(net::PassedSockets::look_at(listening_socket(), "input", false));
  legacy.sockets.back().dropped = 7;
  legacy.connections.push_back(connection(std::string(100'000, 'x')));
  legacy.connections.push_back(connection(""));
  return legacy;
}

std::vector<Fd> copies_of(const Legacy& legacy) {
  std::vector<Fd> out;
  for (const int fd : net::descriptors_of(legacy)) out.emplace_back(::dup(fd));
  return out;
}

void expect_same(const Legacy& now, const Legacy& then) {
  ASSERT_EQ(now.sockets.size(), then.sockets.size());
  for (std::size_t i = 0; i < now.sockets.size(); ++i) {
    EXPECT_EQ(now.sockets[i].to_string(), then.sockets[i].to_string());
    EXPECT_EQ(now.sockets[i].dropped, then.sockets[i].dropped);
    EXPECT_EQ(now.sockets[i].managed, then.sockets[i].managed);
  }
  ASSERT_EQ(now.connections.size(), then.connections.size());
  for (std::size_t i = 0; i < now.connections.size(); ++i) {
    const HandedConnection& a = now.connections[i];
    const HandedConnection& b = then.connections[i];
    EXPECT_EQ(a.listener, b.listener);
    EXPECT_EQ(a.peer.full, b.peer.full);
    EXPECT_EQ(a.peer.address, b.peer.address);
    EXPECT_EQ(a.peer.host, b.peer.host);
    EXPECT_EQ(a.prompt, b.prompt);
    EXPECT_EQ(a.begun, b.begun);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.unconsumed, b.unconsumed);
  }
}

TEST(HandOver, a_legacy_is_what_it_was) {
  const Legacy legacy = some_legacy();
  expect_same(net::decode(net::encode(legacy), copies_of(legacy)), legacy);
}

TEST(HandOver, a_text_that_is_cut_anywhere_or_goes_on_is_refused) {
  Legacy legacy = some_legacy();
  legacy.connections.front().unconsumed = "abc";
  const std::string text = net::encode(legacy);
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(net::decode(text.substr(0, size), copies_of(legacy)), std::runtime_error) << size;
  }
  EXPECT_THROW(net::decode(text + "x", copies_of(legacy)), std::runtime_error);
}

TEST(HandOver, descriptors_that_are_missing_or_too_many_are_refused) {
  const Legacy legacy = some_legacy();
  std::vector<Fd> fewer = copies_of(legacy);
  fewer.pop_back();
  EXPECT_THROW(net::decode(net::encode(legacy), std::move(fewer)), std::runtime_error);
  std::vector<Fd> more = copies_of(legacy);
  more.emplace_back(::dup(0));
  EXPECT_THROW(net::decode(net::encode(legacy), std::move(more)), std::runtime_error);
}

TEST(HandOver, a_channel_carries_more_descriptors_than_one_message_does) {
  Legacy legacy = some_legacy();
  for (int i = 0; i < 600; ++i) legacy.connections.push_back(connection(std::to_string(i)));
  auto [here, there] = DescriptorChannel::make();
  DescriptorChannel sender(std::move(here));
  DescriptorChannel receiver(std::move(there));
  const auto deadline = DescriptorChannel::Clock::now() + 20s;
  bool sent = false;
  std::thread thread([&] { sent = sender.send_legacy(legacy, DescriptorChannel::Pace::answered, deadline); });
  const Legacy got = receiver.receive_legacy(deadline);
  thread.join();
  EXPECT_TRUE(sent);
  expect_same(got, legacy);
}

TEST(HandOver, a_channel_whose_other_end_is_gone_says_so_at_once) {
  auto [here, there] = DescriptorChannel::make();
  DescriptorChannel channel(std::move(here));
  { const Fd gone = std::move(there); }
  const auto deadline = DescriptorChannel::Clock::now() + 20s;
  EXPECT_FALSE(channel.receive(deadline));
  EXPECT_FALSE(channel.send_legacy(some_legacy(), DescriptorChannel::Pace::answered, deadline));
  EXPECT_LT(DescriptorChannel::Clock::now(), deadline - 10s);
}

TEST(HandOver, a_channel_waits_no_longer_than_it_may) {
  auto [here, there] = DescriptorChannel::make();
  DescriptorChannel channel(std::move(here));
  EXPECT_FALSE(channel.receive(DescriptorChannel::Clock::now() + 20ms));
  EXPECT_THROW(channel.receive_legacy(DescriptorChannel::Clock::now() + 20ms), std::runtime_error);
}

TEST(SessionState, numbers_and_texts_come_back_in_their_order) {
  StateWriter out;
  out.put(std::uint64_t{1} << 40);
  out.put(std::string_view("a\0b", 3));
  out.put("");
  const std::string text = out.take();
  StateReader in(text);
  EXPECT_EQ(in.number(), std::uint64_t{1} << 40);
  EXPECT_EQ(in.text(), std::string_view("a\0b", 3));
  EXPECT_EQ(in.text(), "");
  EXPECT_TRUE(in.ok() && in.at_end());
  EXPECT_EQ(in.number(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(SessionState, a_size_beyond_the_end_is_no_text) {
  StateWriter out;
  out.put(~std::uint64_t{0});
  const std::string text = out.take() + "abc";
  StateReader in(text);
  EXPECT_EQ(in.text(), "");
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace logboom::net_test
