#pragma once

#include <logboom/event.hpp>
#include <logboom/out_buffer.hpp>
#include <logboom/plugin.hpp>

namespace logboom {

/// Turns one event into the bytes that a sink writes, its line end included.
///
/// Threads: one instance belongs to one thread at a time (it may cache), made anew for each flush thread.
class Formatter : public Plugin {
 public:
  /// Appends the event to `out`. False where this event can't be written in this format; `out` is then as it was.
  virtual bool format(std::string_view tag, const Event& event, OutBuffer& out) = 0;
};

}  // namespace logboom
