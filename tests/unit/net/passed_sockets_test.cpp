#include "net/passed_sockets.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <map>

namespace logboom::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Activation read(std::map<std::string, std::string> variables, long pid = 42) {
  return read_activation(
      [&variables](const char* name) {
        const auto at = variables.find(name);
        return at == variables.end() ? std::nullopt : std::optional<std::string>(at->second);
      },
      pid);
}

TEST(Activation, is_read_with_its_names) {
  const Activation found = read({{"LISTEN_PID", "42"}, {"LISTEN_FDS", "3"}, {"LISTEN_FDNAMES", "a:unknown:c"}});
  EXPECT_EQ(found.count, 3);
  EXPECT_THAT(found.names, ElementsAre("a", "", "c"));
}

TEST(Activation, names_may_be_missing_or_too_many) {
  EXPECT_THAT(read({{"LISTEN_PID", "42"}, {"LISTEN_FDS", "2"}}).names, ElementsAre("", ""));
  EXPECT_THAT(read({{"LISTEN_PID", "42"}, {"LISTEN_FDS", "1"}, {"LISTEN_FDNAMES", "a:b"}}).names, ElementsAre("a"));
}

TEST(Activation, of_another_process_is_not_ours) {
  EXPECT_EQ(read({{"LISTEN_PID", "43"}, {"LISTEN_FDS", "3"}}).count, 0);
  EXPECT_EQ(read({{"LISTEN_FDS", "3"}}).count, 0);
  EXPECT_EQ(read({}).count, 0);
}

TEST(Activation, numbers_that_are_none_are_refused) {
  for (const char* text : {"", "x", "-1", "3x", "99999999999", "100000"}) {
    EXPECT_THROW(read({{"LISTEN_PID", "42"}, {"LISTEN_FDS", text}}), std::runtime_error) << text;
  }
}

StreamListen tcp(std::uint16_t port, std::string bind = "127.0.0.1") {
  StreamListen where;
  where.bind = std::move(bind);
  where.port = port;
  return where;
}

class PassedSocketsTest : public ::testing::Test {
 protected:
  std::uint16_t add(const std::string& bind, const std::string& name, bool managed, int type = SOCK_STREAM) {
    Fd fd = bind_port(bind, 0, type);
    const std::uint16_t port = port_of(local_address(fd.get()));
    sockets.add(fd.take(), name, managed);
    return port;
  }
  PassedSockets sockets;
};

TEST_F(PassedSocketsTest, one_of_the_address_is_taken_once) {
  const std::uint16_t port = add("127.0.0.1", "x", true);
  EXPECT_FALSE(sockets.take(tcp(port, "127.0.0.2"), "in"));
  const auto taken = sockets.take(tcp(port), "in");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->to_string(), cat("tcp://127.0.0.1:", port, " ('x')"));
  EXPECT_FALSE(sockets.take(tcp(port), "in"));
  EXPECT_TRUE(sockets.left().empty());
}

TEST_F(PassedSocketsTest, one_of_all_addresses_of_both_families_serves_either) {
  const std::uint16_t port = add("::", "", true);
  EXPECT_FALSE(sockets.take(tcp(port, "127.0.0.1"), "in"));
  EXPECT_TRUE(sockets.take(tcp(port, "0.0.0.0"), "in"));
}

TEST_F(PassedSocketsTest, a_managed_one_of_the_inputs_name_is_taken_whatever_its_address) {
  add("127.0.0.1", "in", true);
  EXPECT_FALSE(sockets.take(tcp(1), "other"));
  EXPECT_TRUE(sockets.take(tcp(1), "in"));
}

TEST_F(PassedSocketsTest, the_address_goes_before_the_name) {
  const std::uint16_t first = add("127.0.0.1", "in", true);
  const std::uint16_t second = add("127.0.0.1", "", true);
  EXPECT_EQ(port_of(sockets.take(tcp(second), "in")->address), second);
  EXPECT_EQ(port_of(sockets.take(tcp(second), "in")->address), first);
}

TEST_F(PassedSocketsTest, one_of_the_process_before_goes_by_name_only_where_any_port_will_do) {
  add("127.0.0.1", "in", false);
  EXPECT_FALSE(sockets.take(tcp(1), "in"));
  EXPECT_FALSE(sockets.take(tcp(0), "other"));
  EXPECT_TRUE(sockets.take(tcp(0), "in"));
}

TEST_F(PassedSocketsTest, datagrams_are_no_stream) {
  const std::uint16_t port = add("127.0.0.1", "in", true, SOCK_DGRAM);
  EXPECT_FALSE(sockets.take(tcp(port), "in"));
  DatagramListen where;
  where.bind = "127.0.0.1";
  where.port = port;
  EXPECT_TRUE(sockets.take(where, ""));
}

TEST_F(PassedSocketsTest, a_unix_socket_goes_by_its_path_however_it_is_written) {
  std::string pattern = (std::filesystem::temp_directory_path() / "lbpassXXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  sockets.add(bind_unix(folder + "/s", std::nullopt, SOCK_STREAM).take(), "", true);
  StreamListen where;
  where.unix_path = folder + "/x";
  EXPECT_FALSE(sockets.take(where, "in"));
  where.unix_path = folder + "/./y/../s";
  const auto taken = sockets.take(where, "in");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->where(), "unix://" + folder + "/s");
  std::filesystem::remove_all(folder);
}

TEST_F(PassedSocketsTest, what_one_cannot_listen_on_is_refused_in_words) {
  const auto error_of = [this](int fd) {
    try {
      sockets.add(fd, "it", true);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_THAT(error_of(ends[0]), HasSubstr("no socket"));
  ::close(ends[1]);
  EXPECT_THAT(error_of(::socket(AF_INET, SOCK_STREAM, 0)), HasSubstr("Accept=no"));
  EXPECT_THAT(error_of(::socket(AF_UNIX, SOCK_DGRAM, 0)), HasSubstr("without a path"));
  EXPECT_THAT(error_of(::socket(AF_UNIX, SOCK_SEQPACKET, 0)), HasSubstr("neither"));
  EXPECT_TRUE(sockets.left().empty());
}

}  // namespace
}  // namespace logboom::net
