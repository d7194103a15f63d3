#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <logboom/socket_client.hpp>
#include <logboom/transport.hpp>

#include "base/tls_certificate.hpp"

using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

/// A CA and TLS servers within the test.
namespace logboom::tls_test {

struct Wanted {
  std::string names = "DNS:localhost,IP:127.0.0.1";
  std::string common_name = "test";
  int days_from = -1;
  int days_to = 30;
  int seconds_to = 0;  // behind the days
};

struct Paths {
  std::string certificate, key;
};

/// A CA in a directory of its own, which goes with it.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  std::string path() const { return (directory_ / "ca.pem").string(); }
  Paths issue(const std::string& file, const Wanted& wanted = {});
  /// The list of what is revoked: the certificates of these paths.
  std::string revoke(const std::vector<Paths>& which);

 private:
  std::filesystem::path directory_;
  X509Ptr certificate_;
  KeyPtr key_;
  long serial_ = 1;
};

/// The server's end of one connection. Blocks, at most for some seconds.
class Peer {
 public:
  explicit Peer(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}
  /// True once the handshake is done.
  bool accepted() const noexcept { return accepted_; }
  bool resumed() const;
  /// What comes next; empty at the end.
  std::string read();
  std::string read_until(std::string_view end);
  std::string read_all();
  void write(std::string_view bytes);
  /// The client has said that nothing more will come.
  bool heard_goodbye() const;
  int fd() const noexcept { return fd_; }

 private:
  friend class Server;
  int fd_;
  SSL* ssl_;
  bool accepted_ = false;
};

/// Listens on 127.0.0.1, and gives each of `connections` connections to `serve`, one after the other.
class Server {
 public:
  /// Over TLS as the options say.
  Server(const TransportOptions& options, std::function<void(Peer&)> serve, int connections = 1);
  /// In plaintext: `serve` uses the descriptor.
  explicit Server(std::function<void(Peer&)> serve, int connections = 1);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  SocketClient::Address address(std::string host = "127.0.0.1") const {
    return {SocketClient::Address::Kind::tcp, std::move(host), port_};
  }
  /// Waits until all connections were served.
  void join();

 private:
  void run(const std::function<void(Peer&)>& serve, int connections);

  std::shared_ptr<SSL_CTX> context_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// A server's options with a certificate.
TransportOptions serving(const Paths& paths);

}  // namespace logboom::tls_test
