#pragma once

#include <string>
#include <string_view>

#include <logboom/chunk.hpp>

namespace logboom {

/// Keeps what an output could not deliver, with the reason, for somebody to look at and to send again.
/// Threads: any flush thread. Lives longer than the sinks.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;
  /// Keeps the chunk's events. True when they are safe on disk; else the reason why not is logged by the store. Throws
  /// ChunkUnreadable.
  virtual bool store(const std::string& output_id, const Chunk& chunk, std::string_view reason) = 0;
};

}  // namespace logboom
