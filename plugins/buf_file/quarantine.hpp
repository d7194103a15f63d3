#pragma once

#include <cstdint>
#include <string>

#include "log_writer.hpp"

namespace logboom::buf_file {

struct Quarantined {
  bool is_new = false;  // it was not there before
  std::string fate;     // for a log line
};
/// Keeps a damaged segment beside the others, for whoever wants to look, also when it is removed.
Quarantined keep_damaged(const StoreSettings& settings, std::uint32_t segment);

}  // namespace logboom::buf_file
