#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/chunk.hpp>
#include <logboom/duplicate_window.hpp>
#include <logboom/metrics.hpp>
#include <logboom/output.hpp>
#include <logboom/params.hpp>
#include <logboom/plugin.hpp>
#include <logboom/timefmt.hpp>

/// The `<buffer>` of an output: what it can be told, and what keeps events between the workers and the flush threads.
namespace logboom {

enum class FlushMode : std::uint8_t { by_default, immediate, interval, lazy };
enum class OverflowAction : std::uint8_t { block, throw_exception, drop_oldest_chunk };
enum class RetryType : std::uint8_t { exponential_backoff, periodic };
enum class BufferCompression : std::uint8_t { text, gzip, zstd };  // text: none

/// The parameters of a `<buffer>` section as they are written; what is not there is for `buffer_settings` to decide.
struct BufferOptions {
  std::optional<ByteSize> chunk_limit_size;
  std::optional<ByteSize> total_limit_size;
  std::optional<std::uint64_t> chunk_limit_records;
  std::optional<std::uint64_t> queue_limit_length;
  std::optional<std::chrono::nanoseconds> timekey;
  std::chrono::nanoseconds timekey_wait{std::chrono::minutes(10)};
  bool timekey_use_utc = false;
  std::optional<std::string> timekey_zone;
  FlushMode flush_mode = FlushMode::by_default;
  std::optional<std::chrono::nanoseconds> flush_interval;
  unsigned flush_thread_count = 1;
  std::chrono::nanoseconds flush_thread_interval{0};
  std::chrono::nanoseconds flush_thread_burst_interval{0};
  std::optional<bool> flush_at_shutdown;
  std::chrono::nanoseconds delayed_commit_timeout{std::chrono::seconds(60)};
  BufferCompression compress = BufferCompression::text;
  bool disable_chunk_backup = false;
  OverflowAction overflow_action = OverflowAction::block;
  RetryType retry_type = RetryType::exponential_backoff;
  std::chrono::nanoseconds retry_wait{std::chrono::seconds(1)};
  double retry_exponential_backoff_base = 2;
  std::optional<std::chrono::nanoseconds> retry_max_interval;
  std::chrono::nanoseconds retry_timeout{std::chrono::hours(72)};
  std::optional<std::uint64_t> retry_max_times;
  bool retry_forever = false;
  bool retry_randomize = true;
  double retry_secondary_threshold = 0.8;
  double slow_flush_log_threshold = 20;
  bool ordered = false;
  std::uint64_t dedup_window = DuplicateWindow::Limits().count;
  std::chrono::nanoseconds dedup_age = DuplicateWindow::Limits().age;

  static void describe(Describe<BufferOptions>& d);
};

/// Where a buffer's time comes from. Threads: any.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual std::chrono::steady_clock::time_point now() const noexcept { return std::chrono::steady_clock::now(); }
  virtual std::chrono::system_clock::time_point wall() const noexcept { return std::chrono::system_clock::now(); }
  static const TimeSource& system() noexcept;
};

struct RetrySettings {
  RetryType type = RetryType::exponential_backoff;
  std::chrono::nanoseconds wait{std::chrono::seconds(1)};
  double base = 2;
  std::optional<std::chrono::nanoseconds> max_interval;
  std::chrono::nanoseconds timeout{std::chrono::hours(72)};
  std::optional<std::uint64_t> max_times;
  bool forever = false;
  bool randomize = true;
  /// From this part of the timeout, or of the retries, on a chunk is given to the secondary output, if there is one.
  double secondary_threshold = 0.8;
};

/// A `<buffer>` section together with what its output asks for: everything is decided.
struct BufferSettings {
  bool by_tag = false;
  std::vector<std::string> fields;  // record fields that are chunk keys
  bool by_time = false;  // chunks hold one slice each; false where `time` is a chunk key that only names things
  std::optional<std::chrono::seconds> timekey;  // set where `time` is a chunk key
  TimeZone zone = TimeZone::utc();              // of the slices
  std::chrono::nanoseconds timekey_wait{0};
  FlushMode flush_mode = FlushMode::interval;  // never by_default
  std::chrono::nanoseconds flush_interval{std::chrono::seconds(60)};
  unsigned flush_threads = 1;
  std::chrono::nanoseconds idle_look{0};          // how often a thread looks for chunks when there was none; 0: at once
  std::chrono::nanoseconds pause_after_write{0};  // how long a thread waits between two writes
  bool flush_at_shutdown = true;                  // at the end everything is written, else kept or dropped
  std::chrono::nanoseconds commit_timeout{std::chrono::seconds(60)};  // for outputs that commit later
  BufferCompression compression = BufferCompression::text;
  bool keep_dead_letters = true;  // what can't be delivered goes to the dead letters, where there is a store of them
  bool ack_when_written = false;
  bool ordered = false;
  OverflowAction overflow_action = OverflowAction::block;
  std::uint64_t total_limit = std::uint64_t{512} << 20;
  std::uint64_t chunk_limit = std::uint64_t{8} << 20;
  std::optional<std::uint64_t> chunk_limit_records;
  std::optional<std::uint64_t> queue_limit_length;
  RetrySettings retry;
  std::chrono::nanoseconds slow_flush{std::chrono::seconds(20)};
  DuplicateWindow::Limits duplicates{};
  const TimeSource* time = &TimeSource::system();  // tests have their own
};

/// Reads the `<buffer>` section of an output's element, if it has one. `waits_for_slice` is what the output says.
/// Throws ConfigError for what is wrong or can't be done. `warn` hears of what is accepted and has no effect here, not
/// of unknown parameters (making the buffer plugin warns of these); it may be empty.
BufferSettings buffer_settings(const Element& output, const BufferDefaults& defaults, bool waits_for_slice,
                               const WarnFn& warn);

/// Cuts time into slices of a timekey in a zone; remembers the last one.
/// Threads: one at a time.
class TimeSlices {
 public:
  TimeSlices(std::chrono::seconds timekey, TimeZone zone) : timekey_(timekey.count()), zone_(std::move(zone)) {}
  /// The start of the slice that holds `sec`.
  std::int64_t start_of(std::int64_t sec) {
    if (sec < low_ || sec >= high_) find(sec);
    return low_;
  }
  /// The end of the slice that `start_of` gave last: the next one's start.
  std::int64_t end() const noexcept { return high_; }

 private:
  void find(std::int64_t sec);

  std::int64_t timekey_;
  TimeZone zone_;
  std::int64_t low_ = 0;
  std::int64_t high_ = 0;
};

/// Why an output did not deliver an event: the label `reason` of logboom_output_dropped_events_total.
enum class DropReason : std::uint8_t {
  overflow,     // no room
  refused,      // the output refused the chunk
  invalid,      // the output could not write this event
  retry_limit,  // tried for too long
  shutdown,     // no time was left
  duplicate,    // the buffer holds the message, or has held it
  damaged,      // the buffer could not read it back
};
inline constexpr std::array<std::string_view, 7> drop_reason_words{"overflow", "refused",   "invalid", "retry_limit",
                                                                   "shutdown", "duplicate", "damaged"};

/// What an output did with its events. Threads: any.
struct OutputCounters {
  /// Also what a buffer that outlives the process had at its start.
  Counter events_in;
  Counter bytes_in;
  Counter delivered;
  std::array<Counter, drop_reason_words.size()> dropped;
  /// Of those that were dropped, the ones that are kept as dead letters.
  Counter dead_letters;
  Counter retries;
  Counter write_errors;

  Counter& dropped_for(DropReason reason) noexcept { return dropped[static_cast<std::size_t>(reason)]; }
};

/// What a buffer that outlives the process has written down itself: how many events were delivered, and dropped, ever.
struct EverCounts {
  std::uint32_t buffer = 0;   // random, and the same as long as these counts go on
  std::int64_t since_ms = 0;  // when they began, since 1970
  std::uint64_t delivered = 0;
  std::array<std::uint64_t, drop_reason_words.size()> dropped{};
};

/// One moment's counts: events_in = delivered + dropped + buffered_events.
struct OutputTotals {
  std::uint64_t events_in = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dropped = 0;
  std::uint64_t buffered_events = 0;
  std::uint64_t buffered_bytes = 0;  // memory, or disk, that is held
  /// Of events_in: what a buffer that outlives the process has found at its start.
  std::uint64_t recovered = 0;
  /// It still looks for what is there from before.
  bool opening = false;
  /// Where the buffer knows: what was counted before its start.
  std::optional<EverCounts> before{};
};

/// Where a buffer's events are when it has confirmed their receipts, in its own way or with AckLevel::disk.
enum class Keeping : std::uint8_t {
  memory,
  unsynced,  // in files, and not on disk before the system thinks fit
  synced,
};

/// What a `<buffer>`'s `@type` names: keeps an output's events until they are written, or dropped and counted.
///
/// Threads: `reserve`, `release_reservation` and `append` on any worker; `take` and what answers it on flush threads;
/// `flush_now`, `wake`, `empty` and `totals` on any thread; the rest while nothing else runs.
/// Call order: `start`, `set_on_space`, `open`, then everything else. Each chunk taken is answered once by `done`,
/// `retry` or `drop` before the buffer is destroyed.
/// Receipts: confirmed by `append`, or by the chunk's `done` or `drop` where the settings say ack_when_written. Those
/// of events that a shutdown or a refusal to take them leaves behind are destroyed unconfirmed, so that the sender
/// keeps its message. A delivery whose id the buffer holds, or has held within its DuplicateWindow, is not stored but
/// counted as DropReason::duplicate, and its receipts are confirmed with the first one's. Nothing of this happens under
/// a lock of the buffer's.
class Buffer : public Plugin {
 public:
  using Clock = std::chrono::steady_clock;

  /// `counters` lives longer than the buffer.
  virtual void start(const BufferSettings& settings, OutputCounters& counters) = 0;
  /// Opens what it keeps events in, before the output starts. Throws std::runtime_error where that can't be.
  virtual void open() {}
  /// Called on any thread when there is room again after `reserve` said no, perhaps once too often.
  virtual void set_on_space(std::function<void()> on_space) = 0;

  /// Counts what the batch will hold. False: no room, ask again after on_space.
  virtual bool reserve(const EventBatch& batch) noexcept = 0;
  /// The batch that `reserve` said yes to is not appended.
  virtual void release_reservation(const EventBatch& batch) noexcept = 0;
  /// Takes the batch; `reserve` said yes to it before.
  virtual void append(Delivery delivery) = 0;

  /// Counts the calls of `wake`. Read it before looking at what a wake may be about, and hand it to `take`.
  virtual std::uint64_t wakes() const noexcept = 0;
  /// Waits for a chunk that is due. Null at `until`, or when `wake` was called after `seen_wakes` was read. The chunk
  /// is valid until it is answered.
  virtual const Chunk* take(Clock::time_point until, std::uint64_t seen_wakes) = 0;
  virtual void wake() = 0;
  /// The chunk was sent, and is answered later: no more than another look at it is to be expected, so that its memory
  /// can go where the events can be read again. Before it is answered, once.
  virtual void sent(const Chunk&) {}
  /// The chunk is written, save `invalid_events` of it that can't be.
  virtual void done(const Chunk& chunk, std::uint64_t invalid_events) = 0;
  /// The chunk comes again at `at`, with one more attempt counted.
  virtual void retry(const Chunk& chunk, Clock::time_point at) = 0;
  virtual void drop(const Chunk& chunk, DropReason reason) = 0;
  /// Events of the chunk, which is answered next, are dropped and kept nowhere else: its receipts are not confirmed but
  /// lost.
  virtual void kept_nowhere(const Chunk&) {}

  /// Everything that is buffered becomes due now, also what waits for another attempt.
  virtual void flush_now() = 0;
  /// `flush_now`, and from here on whatever is appended is due at once.
  virtual void drain() = 0;
  virtual Keeping keeping() const noexcept { return Keeping::memory; }
  /// What is buffered is there again when the process starts anew.
  virtual bool survives() const noexcept { return false; }
  /// Drops what is left, save chunks that are taken, counted as DropReason::shutdown. Returns the number of events. A
  /// buffer that survives drops what it can't keep, nothing else; it is asked once, as the last call.
  virtual std::uint64_t discard() = 0;
  /// Nothing is buffered, nor taken and unanswered.
  virtual bool empty() const = 0;
  virtual OutputTotals totals() const = 0;
};

}  // namespace logboom
