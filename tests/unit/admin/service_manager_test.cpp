#include "admin/service_manager.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <map>

namespace logboom {
namespace {

ServiceManager manager(std::map<std::string, std::string> variables, long pid = 42) {
  return ServiceManager(
      [&variables](const char* name) {
        const auto at = variables.find(name);
        return at == variables.end() ? std::nullopt : std::optional<std::string>(at->second);
      },
      pid);
}

TEST(ServiceManager, nobody_is_told_where_nobody_listens) {
  EXPECT_FALSE(manager({}).listens());
  EXPECT_FALSE(manager({{"NOTIFY_SOCKET", ""}}).listens());
  EXPECT_FALSE(manager({{"NOTIFY_SOCKET", "relative"}}).listens());
  manager({}).tell("READY=1");
  manager({{"NOTIFY_SOCKET", "/nonexistent/socket"}}).tell("READY=1");
  manager({{"NOTIFY_SOCKET", "/" + std::string(500, 'x')}}).tell("READY=1");
}

TEST(ServiceManager, a_watchdog_is_for_one_process) {
  EXPECT_EQ(manager({}).watchdog().count(), 0);
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "30000000"}}).watchdog(), std::chrono::seconds(30));
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", "42"}}).watchdog().count(), 5);
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", "43"}}).watchdog().count(), 0);
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "5"}, {"WATCHDOG_PID", "x"}}).watchdog().count(), 0);
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "-5"}}).watchdog().count(), 0);
  EXPECT_EQ(manager({{"WATCHDOG_USEC", "x"}}).watchdog().count(), 0);
}

TEST(ServiceManager, hears_datagrams_at_an_abstract_address) {
  const std::string name = "@logboom-unit-" + std::to_string(::getpid());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, name.size());
  address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  const ServiceManager there = manager({{"NOTIFY_SOCKET", name}});
  char text[256];
  const auto heard = [&] {
    const ssize_t got = ::recv(fd, text, sizeof text, MSG_DONTWAIT);
    return std::string(text, got < 0 ? 0 : static_cast<std::size_t>(got));
  };
  there.ready("fine");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=fine");
  there.reloading();
  EXPECT_THAT(heard(), ::testing::MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\nSTATUS=reloading"));
  there.hand_over_to(77);
  EXPECT_EQ(heard(), "MAINPID=77");
  ::close(fd);
}

}  // namespace
}  // namespace logboom
