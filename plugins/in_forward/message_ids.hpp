#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include <logboom/event.hpp>
#include <logboom/msgpack.hpp>

namespace logboom::in_forward {

/// Tells messages apart, so that one that is sent again because its ack was lost is stored once.
///
/// Docker's client and Fluentd make a new random id for each message and use it again only when they send that message
/// again. Fluent Bit's is the beginning of the SHA-512 of what it holds of the payload (32 hexadecimal digits), so that
/// two identical payloads have the same id, and both want to be kept. As it hashes its own form of the events, which
/// does not always travel, what an id is is decided by its form: one that is nothing but the digits of a hash may be
/// one.
///
/// Such a message is taken for one that came before only if that one's connection ended before its ack was written, or
/// if the peer had closed it by then; what can't be decided means a duplicate, never a loss. This is remembered while
/// the process runs.
///
/// Threads: any.
class MessageIds {
 public:
  struct Name {
    /// For the buffers. Empty: nothing is known about the message.
    MessageId id;
    /// What identical messages have in common, where the sender's id may be a hash.
    MessageId content;
  };

  MessageIds();

  /// The message with the events of this batch. `source`: the peer's address without the port, which stays the same
  /// when the sender connects anew.
  ///
  /// The id is made of the sender's id and address, the tag, and the number, the size, the first and the last kilobyte
  /// of the events, so that a sender that uses one id for different messages loses none. One that is shorter than 16
  /// bytes, or no text, names nothing.
  Name name(std::string_view source, const msgpack::Value& chunk, const EventBatch& batch);
  /// The message's connection has ended, and the ack has not reached the peer.
  void unanswered(const Name& name);

 private:
  static constexpr std::size_t most_unanswered = 16 * 1024;
  MessageId fresh_or_unanswered(const MessageId& content);

  std::mutex mutex_;
  std::uint64_t nonce_;
  std::uint64_t last_ = 0;
  std::unordered_multimap<MessageId, MessageId> unanswered_;  // by content
  std::deque<MessageId> order_;                               // contents, the oldest first, perhaps gone already
};

}  // namespace logboom::in_forward
