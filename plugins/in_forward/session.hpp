#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <logboom/compress.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/net.hpp>

#include "acks.hpp"
#include "collector.hpp"
#include "message_ids.hpp"
#include "options.hpp"
#include "reader.hpp"
#include "storm.hpp"

namespace logboom::in_forward {

/// What the sessions of one input share. Outlives them.
struct Shared {
  Shared(Options given, net::Host& host, forward::ServerSecurity rules = {});
  Options options;
  Log& log;
  Drops drops;
  Counter& malformed;
  Counter& broken_message;
  Counter& truncated_message;
  Counter& invalid_chunk;
  Counter& bad_compression;
  DecompressBudget& budget;
  StormWatch storms;
  MessageIds ids;
  std::unique_ptr<Doorkeeper> door;  // where there is a <security>
};

/// One connection that speaks the forward protocol, in msgpack or JSON.
class ForwardSession final : public net::Session, private Reader::Owner {
 public:
  ForwardSession(net::Connection& connection, Shared& shared);
  ~ForwardSession() override;

  void on_open() override;
  std::size_t on_bytes(const SlabPtr& slab, std::uint8_t* data, std::size_t size) override;
  void on_receipt(std::uint64_t token, bool confirmed) override;
  void on_timer() override;
  void on_end(net::End end, std::size_t unconsumed) override;
  bool answers() const override { return has_asked(); }
  bool waiting() const override { return !acks_.empty(); }
  bool pause() override;
  void go_on() override;
  std::optional<std::string> hand_over() override;
  void take_over(std::string_view state) override;

 private:
  struct Json;

  bool message_end(const MessageEnd& message) override;
  void not_a_message(std::uint8_t first) override;
  bool decompress(const MessageOption& option, std::vector<Bytes>& payload) override;

  std::size_t shake_hands(std::string_view bytes);
  std::size_t read(const SlabPtr& slab, std::uint8_t* data, std::size_t size);
  void tell_what_is_held();
  void begin(std::uint8_t first);
  std::size_t read_json(const char* data, std::size_t size);
  bool check_json_size();
  bool read_json_value(std::string_view text);
  std::string answer_to(const msgpack::Value& chunk) const;
  bool wants_answer(const msgpack::Value& chunk);
  void owe_answer(const msgpack::Value& chunk, MessageEnd::Mode mode);
  void remember_container();
  void close_when_answered();
  void send_acks();
  void give_up(Counter& counter, std::string_view why);
  void warn_once(std::string_view what);
  bool has_asked() const noexcept { return asked_before_ || acks_.count() != 0; }

  net::Connection& connection_;
  Shared& shared_;
  Collector collector_;
  Reader reader_;
  Acks acks_;
  std::vector<MessageIds::Name> late_;  // whose answers went to a peer that sends no more
  std::unique_ptr<Json> json_;
  std::unique_ptr<forward::HandshakeServer> handshake_;  // while the client has not said who it is
  std::string container_;                                // whose log this is, where the sender asks for answers
  std::uint64_t messages_ = 0;
  std::size_t held_ = 0;       // of a message that is not whole, and of answers that are owed
  bool asked_before_ = false;  // for an ack, in another process
  bool pausing_ = false;       // nothing is read beyond the end of a message
  bool begun_ = false;
  bool given_up_ = false;  // what comes is not looked at
  bool closing_ = false;   // as soon as nothing is owed
  bool failed_ = false;    // a message could not be made safe
  bool warned_ = false;
};

}  // namespace logboom::in_forward
