#pragma once

#include <cstdint>
#include <string_view>

#include <logboom/event.hpp>

namespace logboom {

/// Whoever brings events in: told when to stop bringing more, and when to go on. On the worker's thread.
class Flow {
 public:
  virtual ~Flow() = default;
  virtual void hold() = 0;
  virtual void go_on() = 0;
};

/// One input's way into the pipeline on one worker. Everything happens on that worker's thread.
class Emitter {
 public:
  virtual ~Emitter() = default;
  virtual Tag tag(std::string_view text) = 0;
  /// Takes over the delivery. Where a buffer on its route is full it is parked, and `flow` held until all that was
  /// parked for it has gone on.
  virtual void emit(Delivery delivery, Flow& flow) = 0;
  /// `flow` is going away; what is parked for it stays.
  virtual void forget(Flow& flow) = 0;
  /// What a reload has made of the input: it is there; another one has taken its place, whose connections its own now
  /// are; or it is gone, and whoever brings events brings what it has, and ends.
  enum class Standing : std::uint8_t { there, inherited, orphaned };
  virtual Standing standing() const noexcept { return Standing::there; }
};

}  // namespace logboom
