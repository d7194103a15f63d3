#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <logboom/integrity.hpp>

namespace logboom {

/// What a chain that is there already says of its file.
struct ChainScan {
  /// Where a block begins.
  struct Place {
    std::uint64_t file = 0;
    std::uint64_t text = 0;
    std::uint64_t pieces = 0;  // before it
    std::uint64_t record = 0;  // in the chain
    std::uint32_t count = 0;   // of its pieces
  };

  std::optional<integrity::Header> header;
  integrity::Builder::State state;  // behind the last whole record
  std::uint64_t size = 0;           // of the whole records
  std::uint64_t confirmed = 0;      // bytes of the file at the last checkpoint
  std::vector<Place> places;
};

/// Nothing where the file is no chain. Throws std::system_error.
std::optional<ChainScan> scan_chain(int fd, const std::string& path, bool header_only = false);

/// What a chain must say to go on with a file that has another size than it says. `chain` and `file` can be read.
integrity::Reopen reopened(const ChainScan& scan, std::uint64_t found, int chain, int file);

}  // namespace logboom
