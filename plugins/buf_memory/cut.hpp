#pragma once

#include <vector>

#include <logboom/buffer.hpp>

namespace logboom {

/// A part of a batch whose events lie in one time slice.
struct SlicePart {
  BatchPtr batch;
  std::int64_t slice = 0;
};

/// Cuts a batch into parts of one slice each, in order; the batch itself where all events lie in one.
std::vector<SlicePart> cut_by_slice(const BatchPtr& batch, TimeSlices& slices);

}  // namespace logboom
