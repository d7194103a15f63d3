#pragma once

#include <string>
#include <vector>

#include <logboom/bytes.hpp>
#include <logboom/compress.hpp>

#include "collector.hpp"

namespace logboom::in_forward {

struct PayloadResult {
  bool ok = true;
  std::string why;
};

/// Decompresses a CompressedPackedForward payload (forward protocol v1) and gives its entries to the collector. What
/// `compressed` says wins over what the bytes look like; where it says nothing the bytes decide. The budget is held
/// until the events are safe, or given up.
PayloadResult read_compressed(const std::vector<Bytes>& payload, std::string_view compressed, std::uint64_t limit,
                              DecompressBudget& budget, Collector& collector, Drops& drops);

}  // namespace logboom::in_forward
