#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <logboom/net.hpp>

#include "entry.hpp"
#include "options.hpp"

namespace logboom::in_forward {

/// A smaller part of a message or of a compressed payload is copied while the rest is still to come, so that it doesn't
/// hold a whole slab.
inline constexpr std::size_t share_from = 16 * 1024;

/// Why an event goes no further than this input, and how many did.
struct Drops {
  explicit Drops(net::Host& host);
  Counter& invalid_tag;
  Counter& invalid_time;
  Counter& invalid_record;
  Counter& invalid_entry;
  Counter& truncated_entry;
  Counter& invalid_message;
  Counter& too_large;
};

/// Gathers the valid events of a connection into batches, one tag each, and sends these on. Entries stay where they
/// were received; what must change (a missing time, added fields) is written once into memory of its own.
class Collector {
 public:
  Collector(net::Connection& connection, const Options& options, Drops& drops);

  /// The tag of the events that follow, as the sender gave it.
  void begin(std::string_view tag);
  /// One Message-mode event whose `time` is preceded by a byte that may be overwritten (the tag's last).
  void add_message(const SlabPtr& slab, std::uint8_t* time, const std::uint8_t* end) {
    time[-1] = 0x92;
    if (simple_) {
      append(slab, time - 1, end);
    } else {
      add_entry(slab, time - 1, end);
    }
  }
  /// One whole entry. Counts it as dropped if it is not valid.
  void add_entry(const SlabPtr& slab, const std::uint8_t* begin, const std::uint8_t* end);
  void add_viewed(const SlabPtr& slab, const EntryView& view, const std::uint8_t* begin, const std::uint8_t* end);
  /// Counts one event that is not valid and goes no further.
  void drop(Counter& reason) {
    ++invalid_;
    reason.add();
  }
  /// True where entries are passed on as they are, so that `add_run` may be used.
  bool keeps_entries() const noexcept { return simple_; }
  /// Valid entries one behind the other.
  void add_run(const SlabPtr& slab, const std::uint8_t* begin, const std::uint8_t* end, std::uint32_t events) {
    append(slab, begin, end);
    run_events_ += events - 1;
  }
  void receipt(Receipt receipt) { receipts_.add(std::move(receipt)); }
  /// What was gathered and not sent on; null where that is nothing. Valid until the next call.
  const EventBatch* gathered() {
    end_run();
    return batch_.get();
  }

  /// The last entry that was taken, or the run that it ended; empty where there is none. Valid until the next call.
  Span last_run() const noexcept { return {begin_, static_cast<std::uint32_t>(end_ - begin_), run_events_}; }

  /// Closes the current run of entries: the next one may stand in other memory.
  void end_run();
  /// The message goes on in a later read: a small part of it must not keep a whole receive slab alive until then.
  void rest(const SlabPtr& slab);
  /// Sends on what was gathered. `id`: of the one message that all of it is of.
  void flush(const MessageId& id = {});
  /// Forgets what was gathered and not sent on, receipts included. Returns the number of events.
  std::uint64_t abandon();

  std::uint64_t invalid() const noexcept { return invalid_; }

 private:
  void append(const SlabPtr& slab, const std::uint8_t* begin, const std::uint8_t* end) {
    if (end_ == begin && run_slab_ == slab) {
      end_ = end;
      ++run_events_;
      return;
    }
    start_run(slab, begin, end);
  }
  void start_run(const SlabPtr& slab, const std::uint8_t* begin, const std::uint8_t* end);
  void rewrite(const EntryView& view, const std::uint8_t* end);
  Receipts take_receipts();
  std::uint8_t* room(std::size_t size);
  void write_record(msgpack::Writer& writer, const Record& record) const;
  void count_invalid(Shape shape);

  net::Connection& connection_;
  const Options& options_;
  Drops& drops_;
  std::vector<std::pair<std::string, std::string>> injected_;  // fields to set in every record
  bool simple_;                                                // entries are passed on as they are
  std::string wire_tag_;                                       // the sender's tag that `batch_` is for
  std::string mapped_;
  Tag tag_;
  std::unique_ptr<EventBatch> batch_;
  Receipts receipts_;

  SlabPtr run_slab_;
  const std::uint8_t* begin_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  std::uint32_t run_events_ = 0;

  OutBuffer made_;   // an entry while it is written anew
  SlabPtr scratch_;  // where such entries stand until their batch is done
  std::size_t scratch_used_ = 0;
  std::size_t rested_spans_ = 0;  // of `batch_`, which hold no receive slab
  std::uint64_t invalid_ = 0;
};

}  // namespace logboom::in_forward
