#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <logboom/event.hpp>
#include <logboom/holder.hpp>

namespace logboom::concat {

/// What is held of one stream: the first event's record and the texts so far.
class Stream {
 public:
  using Clock = Holder::Clock;

  Stream(std::string_view key, std::size_t tag_size) : key_(key), tag_size_(tag_size) {}

  std::string_view key() const noexcept { return key_; }
  std::string_view tag() const noexcept { return std::string_view(key_).substr(0, tag_size_); }
  std::uint64_t events() const noexcept { return events_; }
  std::size_t text_size() const noexcept { return text_.size() - header_room; }
  Record record() const noexcept;
  EventTime first_time() const noexcept { return first_time_; }
  EventTime last_time() const noexcept { return last_time_; }
  Clock::time_point touched() const noexcept { return touched_; }
  std::size_t fragments() const noexcept { return fragments_.size(); }
  /// Memory that the stream has, roughly, and how much more it would be with this event.
  std::size_t cost() const noexcept;
  std::size_t growth(const Event& event, std::size_t text_size) const noexcept;
  static std::size_t first_cost(const Event& event, std::size_t text_size, std::size_t key_size) noexcept;

  void add(const Event& event, const msgpack::Value& text, std::string_view separator);
  /// The same for a fragment of a line. One that is there already, byte by byte, was sent twice: it is counted as held,
  /// and false is returned.
  bool add_fragment(const Event& event, const msgpack::Value& text, std::uint64_t ordinal);
  /// Forgets the texts; those to come are behind them.
  void go_on() noexcept;

  /// The texts one behind the other, fragments in the order of their ordinals. Valid until the stream is changed.
  msgpack::Value joined(std::string_view separator);
  /// True where fragments are missing before the one of this ordinal.
  bool misses_fragments(std::uint64_t last_ordinal) const noexcept;

 private:
  friend class StreamTable;
  struct Fragment {
    std::uint64_t ordinal;
    std::size_t offset;
    std::size_t size;
  };
  static constexpr std::size_t header_room = 5;  // before the text, for its msgpack header

  void begin(const Event& event, const msgpack::Value& text);
  void put_in_order(std::string_view separator);

  std::string key_;  // the tag, and what tells its streams apart
  std::size_t tag_size_;
  std::string record_;
  std::string text_ = std::string(header_room, '\0');
  std::vector<Fragment> fragments_;
  std::uint64_t events_ = 0;
  std::uint64_t highest_ = 0;       // ordinal so far
  std::uint64_t next_ordinal_ = 1;  // of the first fragment that is held
  EventTime first_time_, last_time_;
  Clock::time_point touched_;
  bool binary_ = false;
  std::size_t counted_ = 0;  // of cost(), in the table's sum
};

/// The streams of one worker, in the order of their last events.
class StreamTable {
 public:
  Stream* find(std::string_view key);
  Stream& open(std::string_view key, std::size_t tag_size);
  /// The stream has changed.
  void touch(Stream& stream, Stream::Clock::time_point now);
  void close(Stream& stream);

  Stream* oldest() noexcept { return streams_.empty() ? nullptr : &streams_.front(); }
  const Stream* oldest() const noexcept { return streams_.empty() ? nullptr : &streams_.front(); }
  std::size_t size() const noexcept { return places_.size(); }
  std::size_t cost() const noexcept { return cost_; }

 private:
  std::list<Stream> streams_;
  std::unordered_map<std::string_view, std::list<Stream>::iterator> places_;
  std::size_t cost_ = 0;
};

}  // namespace logboom::concat
