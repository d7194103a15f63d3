#pragma once

#include <cstdint>
#include <vector>

#include <logboom/msgpack.hpp>

#include "collector.hpp"

namespace logboom::in_forward {

/// What a message's option map says (forward protocol v1, "Option").
struct MessageOption {
  msgpack::Value chunk;           // empty: no answer wanted
  std::string_view compressed;    // as sent; empty: not said
  bool compressed_other = false;  // said, but not as text
};
MessageOption read_option(const msgpack::Value& option);

/// What is told about each message once it is whole.
struct MessageEnd {
  enum class Mode : std::uint8_t { message, forward, packed } mode;
  MessageOption option;
  std::uint64_t bytes;
  bool too_large;
};

/// Finds the messages of the forward protocol in a stream of msgpack and their entries, each byte looked at once,
/// however the stream is cut. Sans-io: `read` is given bytes, the collector gets entries, the owner hears of each
/// message's end.
class Reader {
 public:
  enum class Trouble : std::uint8_t { none, malformed, compression };
  class Owner {
   public:
    virtual ~Owner() = default;
    /// All entries of the message are with the collector. False ends the reading.
    virtual bool message_end(const MessageEnd& message) = 0;
    /// A top-level object that is no message; the stream goes on behind it.
    virtual void not_a_message(std::uint8_t first) = 0;
    /// Decompresses `payload` into entries. False: it can't be.
    virtual bool decompress(const MessageOption& option, std::vector<Bytes>& payload) = 0;
  };

  Reader(Collector& collector, Drops& drops, const Options& options, Owner& owner)
      : collector_(collector), drops_(drops), limit_(options.chunk_size_limit.bytes), owner_(owner) {}

  /// Reads as many units as are whole and returns the bytes that are done with; the rest must come again with more.
  std::size_t read(const SlabPtr& slab, std::uint8_t* data, std::size_t size);
  Trouble trouble() const noexcept { return trouble_; }
  /// True inside a message.
  bool mid_message() const noexcept { return in_message_ || step_ == Step::junk; }

  /// What is kept of the message that is being read, beside what `read` left.
  std::size_t held() const noexcept { return in_carrier() && !discard_ ? message_bytes_ : 0; }
  /// True where bytes of a message are done with that is not whole.
  bool has_consumed_part() const noexcept { return step_ == Step::junk || message_bytes_ != 0; }
  /// Reads on, where the owner had ended it.
  void go_on() noexcept { stopped_ = false; }

  /// True between the head and the end of a message that carries entries.
  bool in_carrier() const noexcept { return in_message_ && step_ != Step::message; }

 private:
  enum class Step : std::uint8_t { message, junk, sniff, packed, opaque, forward, option };

  bool fast_message(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  bool head(std::uint8_t*& p, const std::uint8_t* end);
  bool elements(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  bool begin_carrier(std::uint8_t*& p, const std::uint8_t* end);
  bool sniff(const std::uint8_t* p, const std::uint8_t* end);
  void begin_option();
  bool packed(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  bool opaque(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  bool forward(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  std::uint32_t plain_entries(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end, std::uint64_t at_most);
  bool entry(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end, bool& whole);
  bool single(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  bool junk(std::uint8_t*& p, const std::uint8_t* end);
  bool finish(const SlabPtr& slab, std::uint8_t*& p);
  void finish_single(const SlabPtr& slab, std::uint8_t* p);
  bool finish_carrier(const MessageOption& option);
  bool step(const SlabPtr& slab, std::uint8_t*& p, const std::uint8_t* end);
  bool broken(Trouble why);
  bool let_go(std::uint8_t*& p);
  void done_with(std::uint8_t*& p, std::size_t size);
  void check_size();
  void reset();
  unsigned option_index() const noexcept { return mode_ == MessageEnd::Mode::message ? 3 : 2; }

  Collector& collector_;
  Drops& drops_;
  std::uint64_t limit_;
  Owner& owner_;

  Step step_ = Step::message;
  MessageEnd::Mode mode_ = MessageEnd::Mode::message;
  Trouble trouble_ = Trouble::none;
  bool tag_valid_ = true;
  bool discard_ = false;      // too large: looked through, not kept
  bool option_lost_ = false;  // too large itself: nobody can be answered
  bool opaque_ = false;       // the payload is compressed
  bool in_message_ = false;
  bool stopped_ = false;  // the owner wants no more
  bool fresh_ = true;     // the next byte begins an object
  msgpack::Skipper skipper_;
  std::size_t scan_ = 0;     // how far the current unit was looked at
  std::uint32_t count_ = 0;  // elements of the message's array
  std::uint32_t element_ = 0;
  std::size_t offsets_[5] = {};      // where elements begin, from the unit's start
  std::uint64_t message_bytes_ = 0;  // of this message, done with
  std::uint64_t payload_size_ = 0;
  std::uint64_t payload_left_ = 0;
  std::uint64_t entries_left_ = 0;
  std::uint8_t junk_first_ = 0;
  std::vector<Bytes> payload_;
};

}  // namespace logboom::in_forward
