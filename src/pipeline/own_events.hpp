#pragma once

#include <array>
#include <mutex>
#include <string>

#include "base/log.hpp"
#include "pipeline/pipeline.hpp"
#include "pipeline/way_back.hpp"

namespace logboom {

/// logboom's own log as events: the tag is `fluent.LEVEL`, the record {"message": …}. They go to `<label @FLUENT_LOG>`,
/// or to a top-level `<match>` that takes these tags and not every other one as well (Fluentd also sends them to
/// `<match **>`). Without either there are none. What is logged while events from within are carried
/// is no event.
///
/// Threads: lines come on any; the rest belongs to the main thread. Lifetime: ends before what it was made with.
class OwnEvents {
 public:
  OwnEvents(OwnLog& log, WayBack& back, Metrics& metrics);
  OwnEvents(const OwnEvents&) = delete;
  OwnEvents& operator=(const OwnEvents&) = delete;
  ~OwnEvents();

  /// From now on events go where this pipeline has a place for them.
  void follow(const Pipeline& pipeline);

 private:
  void add(LogLevel level, std::string_view message);

  OwnLog& log_;
  WayBack& back_;
  Counter events_;
  std::mutex mutex_;
  std::string label_;
  std::array<bool, 6> taken_{};  // by level
};

}  // namespace logboom
