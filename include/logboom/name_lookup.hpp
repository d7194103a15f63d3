#pragma once

#include <memory>
#include <string>
#include <vector>

#include <logboom/inquiry.hpp>

namespace logboom {

/// What the system's resolver knows of a name.
struct HostAddresses {
  std::vector<std::string> addresses;  // as numbers, in the resolver's order
  std::string why;                     // why there are none
};

using NameLookup = Inquiry<HostAddresses>;

/// Begins to look a name up. An address as numbers is its own answer, at once.
std::shared_ptr<NameLookup> look_up(const std::string& host);

}  // namespace logboom
