#pragma once

#include <list>
#include <map>
#include <mutex>
#include <string>

#include "output/sink.hpp"
#include "pipeline/ledger_state.hpp"

namespace logboom {

/// The sinks that are counted, and what those have counted that are gone. Threads: any.
class LedgerOutputs {
 public:
  struct Counts {
    LedgerOutput output;
    std::int64_t recovered = 0;
    std::int64_t left_behind = 0;  // what sinks that are gone had in their buffers
    bool there = false;            // a sink that is not gone
    bool opening = false;          // not everything is recovered yet
    /// What the buffer had itself counted at the start of the first sink. `output.ever`: what it has now.
    std::optional<LedgerOutput::Ever> before{};
  };
  using Place = std::list<std::pair<std::string, const Sink*>>::iterator;

  Place enter(const std::string& id, const Sink& sink);
  void leave(Place place);
  /// By id. What one sink shows balances, unless it never does.
  std::map<std::string, Counts> read() const;

 private:
  static Counts counts_of(const Sink& sink);

  mutable std::mutex mutex_;
  std::list<std::pair<std::string, const Sink*>> sinks_;
  std::map<std::string, Counts> gone_;
};

}  // namespace logboom
