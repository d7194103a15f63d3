#include "cli/healthcheck.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace logboom {
namespace {

/// A port of 127.0.0.1: bound, and listening if asked to.
class Port {
 public:
  explicit Port(bool listening) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    number_ = ntohs(address.sin_port);
    if (listening) {
      EXPECT_EQ(::listen(socket_, 1), 0);
    }
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { ::close(socket_); }

  std::uint16_t number() const { return number_; }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

TEST(Healthcheck, is_fine_where_somebody_listens) {
  const Port port(true);
  EXPECT_EQ(healthcheck(port.number()), std::error_code());
}

TEST(Healthcheck, is_refused_where_nobody_listens) {
  const Port port(false);
  EXPECT_EQ(healthcheck(port.number()), std::errc::connection_refused);
}

}  // namespace
}  // namespace logboom
