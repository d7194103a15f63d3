#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace logboom::out_forward {

/// What the balancer knows of one server.
struct Candidate {
  unsigned weight = 60;
  unsigned priority = 0;
  bool standby = false;
  bool available = true;
};

/// Which servers get a share now: of those with the smallest `priority` where any is available, all that are no
/// standby, and as many standbys as make up for the weight of those that are lost. Weight 0 gets nothing.
std::vector<bool> in_rotation(const std::vector<Candidate>& servers);

/// Takes turns among servers, as often as their weights say, spread evenly. Threads: one at a time.
class Balancer {
 public:
  /// `seed`: where the turns begin, so that many senders don't begin with the same server.
  explicit Balancer(std::uint32_t seed) : seed_(seed) {}

  /// The next of `servers` that is in rotation and not excluded. The turn counts for it.
  std::optional<std::size_t> next(const std::vector<Candidate>& servers, const std::vector<bool>& excluded);

 private:
  void restart(const std::vector<Candidate>& servers);

  std::uint32_t seed_;
  std::vector<std::int64_t> credit_;
};

}  // namespace logboom::out_forward
