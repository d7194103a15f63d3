#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <logboom/buffer.hpp>

#include "pipeline/accounts.hpp"

/// The ledger as it is at one moment, over all runs of a state directory. Every number of it is one of events.
namespace logboom {

struct LedgerSource {
  std::map<std::string, Amounts> tags;  // as UTF-8; "": those of all further tags
  /// What was on its way when a process ended without an orderly end: lost, or gone on uncounted.
  std::int64_t gap = 0;

  Amounts total() const;
  std::int64_t difference() const { return total().difference() - gap; }
};

struct LedgerOutput {
  using Dropped = std::array<std::int64_t, drop_reason_words.size()>;
  /// What the output's buffer has itself counted by now, where it is one that outlives the process.
  struct Ever {
    std::int64_t buffer = 0;    // which one it is
    std::int64_t since_ms = 0;  // it counts
    std::int64_t delivered = 0;
    Dropped dropped{};
  };

  std::int64_t in = 0;
  std::int64_t delivered = 0;
  std::int64_t buffered = 0;
  Dropped dropped{};
  /// What was buffered when a process ended without an orderly end, and not found at the next start, nor counted by a
  /// buffer that outlives it: delivered, or lost.
  std::int64_t gap = 0;
  /// Of `in`: what had come since the last checkpoint, as a buffer shows at the next start.
  std::int64_t found = 0;
  std::optional<Ever> ever{};

  std::int64_t difference() const;
};

/// An end without an end: kill -9, a crash, a power cut.
struct LedgerGap {
  std::int64_t from = 0;  // the last checkpoint; milliseconds since 1970
  std::int64_t to = 0;    // the next start
  /// What was on its way or in buffers at `from`, and not there at `to`. Part of it may have been delivered since.
  std::int64_t at_most = 0;
  std::int64_t found = 0;
  /// For how long, at most, events came and were delivered behind the last checkpoint, and how many had come in a
  /// second before it.
  std::int64_t uncounted_ms = 0;
  std::int64_t per_second = 0;
};

struct LedgerState {
  std::map<std::string, LedgerSource> sources;
  std::map<std::string, LedgerOutput> outputs;
  std::vector<LedgerGap> gaps;  // the latest
  std::int64_t earlier_gaps = 0;
  /// Events that sources had counted as routed, and outputs not yet, when a process ended without an orderly end.
  std::int64_t skew = 0;
  std::int64_t since = 0;    // of the first event; milliseconds since 1970
  std::int64_t written = 0;  // this moment
  std::int64_t per_second = 0;
  bool ended = false;  // by an orderly end
  /// How much came to outputs while this was read.
  std::int64_t moving = 0;

  /// What sources have routed less what has come to outputs: 0, or within what came while this was read.
  std::int64_t between() const;
  bool balances() const;
};

std::string to_json(const LedgerState& state);
/// Throws std::runtime_error where the text is none.
LedgerState ledger_from_json(const std::string& text);

std::string ledger_path(const std::string& root_dir);
/// A state without anything where there is no file. Throws std::runtime_error, std::system_error.
LedgerState read_ledger(const std::string& path);
/// Puts the file in the place of the one before. With `safe` it is on disk afterwards. Throws std::system_error.
void write_ledger(const std::string& path, const LedgerState& state, bool safe);

}  // namespace logboom
