#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <logboom/forward_handshake.hpp>
#include <logboom/socket_client.hpp>

#include "answers.hpp"
#include "message.hpp"
#include "pending_chunk.hpp"

namespace logboom::out_forward {

/// One connection to a server: sends messages, and remembers which of them wait for an ack.
///
/// Threads: whoever holds `hold` or `try_hold`; `descriptor`, `interrupt` and `give_up` on any.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  /// What its answers said.
  struct News {
    std::string why;                  // why it was closed; empty: it was not
    bool ended = false;               // because the peer, or the network, has ended it
    bool more = false;                // there may be more to read, which the descriptor does not show
    bool to_blame = false;            // messages were left unanswered, or answers made no sense
    std::uint64_t acked = 0;          // events of chunks that are settled
    std::vector<std::string> failed;  // ids of chunks that come again
  };

  /// `security`: who we are, where a handshake is asked for; null: there is none.
  Connection(SocketClient::Address address, SocketClient::Limits limits, std::shared_ptr<TlsClient> tls,
             std::shared_ptr<const forward::ClientSecurity> security, bool tcp_keepalive);

  std::unique_lock<std::mutex> hold() { return std::unique_lock(mutex_); }
  std::unique_lock<std::mutex> try_hold() { return std::unique_lock(mutex_, std::try_to_lock); }

  /// Each returns an empty text, or why it failed; the connection is closed then.
  std::string open();
  std::string send(const Message& message);
  /// Waits until the peer's kernel has all that was sent, and sees whether the peer is still there: as much as is known
  /// without acks.
  std::string settle_down();
  /// Waits for so long whether the server says something that it was not asked for, or ends the connection.
  std::string listen(std::chrono::milliseconds time);
  /// How long a server may take to object to the first message.
  std::chrono::milliseconds time_to_object() const;
  /// How a connection ended, why where that was a reset, and what is wrong with what the server said.
  struct Parting {
    SocketClient::End end = SocketClient::End::none;
    std::string why;
    std::string words;
  };
  /// Says that nothing more will be sent, and waits for the server's end for so long. Closed then.
  Parting part(std::chrono::milliseconds time);
  /// The server has taken something on this connection.
  void proved() noexcept { proved_ = true; }
  bool is_proved() const noexcept { return proved_; }

  /// The messages were sent just now; `deadline`: when their acks are overdue.
  void expect(const std::vector<Message>& messages, const std::shared_ptr<PendingPortion>& portion,
              Clock::time_point deadline);
  /// Reads what has come, and looks at the deadlines. Where something is wrong the connection is closed, and what
  /// waited for acks fails.
  News take_answers(Clock::time_point now);
  /// Closes it; what waits for acks fails.
  News close(const std::string& why);
  /// Closes it in order, so that what was sent arrives. Nothing waits for acks.
  void finish();

  bool is_open() const noexcept { return client_.connected(); }
  bool is_usable() { return client_.connected() && client_.peer_is_there(); }
  bool waits_for_acks() const noexcept { return !waiting_.empty(); }
  /// When the next ack is overdue; the end of time where none is awaited.
  Clock::time_point overdue() const;

  void interrupt() noexcept { client_.interrupt(); }
  /// No more messages are sent on it.
  void give_up() noexcept { given_up_ = true; }
  bool is_given_up() const noexcept { return given_up_; }
  /// Of its socket, to be polled; -1 where it is closed.
  int descriptor() const noexcept { return descriptor_; }
  const SocketClient::Address& address() const noexcept { return client_.address(); }

  /// When it was made, or last sent something.
  Clock::time_point used = Clock::now();

 private:
  struct Waiting {
    std::shared_ptr<PendingPortion> portion;
    Clock::time_point deadline;
  };

  std::string shake_hands();
  std::string look_for_words();
  std::string read_words(const std::string& bytes);
  std::string explain(std::string why) const;
  bool has_peer_finished() const;
  std::string fail(std::string_view why);

  std::mutex mutex_;
  SocketClient client_;
  std::shared_ptr<const forward::ClientSecurity> security_;
  const bool tls_;
  bool tcp_keepalive_;
  std::atomic<int> descriptor_{-1};
  AnswerReader answers_;
  std::map<std::string, Waiting> waiting_;  // by message id
  std::atomic<bool> given_up_{false};
  bool proved_ = false;
};

}  // namespace logboom::out_forward
