#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/networks.hpp>

/// The handshake of the forward protocol, both ends, sans-io.
/// Source: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1, "Handshake Messages".
///
///     server                                             client
///     ["HELO", {nonce, auth, keepalive}]            ──▶
///                  ◀──  ["PING", hostname, salt, sha512(salt‖hostname‖nonce‖key), user, sha512(auth‖user‖password)]
///     ["PONG", accepted, reason, hostname, sha512(salt‖hostname‖nonce‖key)]  ──▶
///
/// Digests are in hexadecimal and are compared in constant time; nonces are drawn for each connection, so that what one
/// connection has sent proves nothing on another. Nothing here allocates for more than `longest_handshake_message`.
///
/// Threads: one at a time for each object; settings may be shared while nobody changes them.
namespace logboom::forward {

/// A longer HELO, PING or PONG is none.
inline constexpr std::size_t longest_handshake_message = 8192;

struct Helo {
  std::string nonce;
  std::string auth;  // salt for the password's digest; empty: no user is asked for
  bool keepalive = true;
};

struct Ping {
  std::string hostname;
  std::string salt;
  std::string digest;
  std::string user;
  std::string password_digest;
};

struct Pong {
  bool accepted = false;
  std::string reason;  // why not
  std::string hostname;
  std::string digest;
};

std::string write_message(const Helo& helo);
std::string write_message(const Ping& ping);
std::string write_message(const Pong& pong);

/// Read one whole message. False: it is none of that kind, or too long; `out` is then anything.
bool read_message(std::string_view message, Helo& out);
bool read_message(std::string_view message, Ping& out);
bool read_message(std::string_view message, Pong& out);

enum class HandshakeScan : std::uint8_t { complete, incomplete, malformed };
/// Whether a whole message stands at the beginning of `bytes`; `size` is then its size. What is no msgpack, or longer
/// than a message may be, is malformed.
HandshakeScan scan_message(std::string_view bytes, std::size_t& size) noexcept;

/// SHA-512 over all the parts, one after the other, in lower-case hexadecimal. Throws std::runtime_error where OpenSSL
/// can't.
std::string hex_digest(std::initializer_list<std::string_view> parts);
/// In a time that says nothing of the content.
bool same_secret(std::string_view one, std::string_view other) noexcept;
/// Bytes that nobody can foresee. Throws std::runtime_error where the system has none.
std::string random_bytes(std::size_t count);

/// Who is let in, and what with. `<security>` of an input.
struct ServerSecurity {
  struct User {
    std::string name;
    std::string password;
  };
  /// What holds for the peers of one `<client>`; the first that has the peer counts.
  struct Client {
    Networks networks;
    std::string shared_key;
    std::vector<std::string> users;  // none: all users
  };
  std::string self_hostname;
  std::string shared_key;
  bool user_auth = false;
  bool allow_anonymous_source = true;  // peers that no `<client>` has
  std::vector<User> users;
  std::vector<Client> clients;
};

enum class Refusal : std::uint8_t { none, invalid_ping, anonymous_source, shared_key, user };

/// The server's end of one connection.
class HandshakeServer {
 public:
  struct Step {
    enum class Is : std::uint8_t { needs_more, accepted, refused } is = Is::needs_more;
    std::size_t used = 0;  // bytes of the client that are done with
    std::string answer;    // to be sent; then, where it is refused, the connection ends
    Refusal refusal = Refusal::none;
    std::string reason;    // of a refusal, as the client is told
    std::string hostname;  // as the client calls itself: cut, and without characters that can't be shown
    std::string user;      // the same
  };

  /// `security` outlives this. `address`: the peer's, without its port; where it has none, what to call it.
  HandshakeServer(const ServerSecurity& security, std::string address, bool keepalive);
  /// What goes out first.
  std::string helo() const { return write_message(helo_); }
  /// Looks at all bytes of the client that are not used yet, until one step says something else than `needs_more`.
  Step advance(std::string_view bytes) const;

 private:
  Refusal check(const Ping& ping, const std::string*& shared_key) const;
  bool check_user(const Ping& ping, const ServerSecurity::Client* client) const;
  const ServerSecurity::Client* client_of_peer() const;
  std::string reason_of(Refusal refusal) const;

  const ServerSecurity& security_;
  std::string address_;
  Helo helo_;
};

/// Who we are for a server. `<security>` of an output, with `<server>`'s own values where it has some.
struct ClientSecurity {
  std::string self_hostname;
  std::string shared_key;
  std::string username;
  std::string password;
};

/// The client's end of one connection.
class HandshakeClient {
 public:
  enum class Failure : std::uint8_t { none, invalid_helo, invalid_pong, refused, own_hostname, shared_key };
  struct Step {
    enum class Is : std::uint8_t { needs_more, accepted, failed } is = Is::needs_more;
    std::size_t used = 0;  // bytes of the server that are done with
    std::string answer;    // to be sent, if not empty
    Failure failure = Failure::none;
    std::string why;       // of a failure, in words for the log; a server's reason can be shown
    std::string hostname;  // as the server calls itself; can be shown
  };

  /// `security` outlives this.
  explicit HandshakeClient(const ClientSecurity& security);
  /// Looks at all bytes of the server that are not used yet. After `accepted` messages may be sent; bytes that are left
  /// then belong to what follows the handshake.
  Step advance(std::string_view bytes);
  /// What the server's HELO says: whether it leaves the connection open behind the first message.
  bool keepalive() const noexcept { return helo_.keepalive; }

 private:
  void answer_helo(std::string_view message, Step& step);
  void check_pong(std::string_view message, Step& step) const;

  const ClientSecurity& security_;
  std::string salt_;
  Helo helo_;
  bool greeted_ = false;
};

/// What a peer has sent, for a log: cut to 128 bytes, and with '?' in the place of what can't be shown.
std::string shown(std::string_view text);

}  // namespace logboom::forward
