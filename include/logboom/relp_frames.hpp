#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace logboom {

/// One frame of RELP: https://www.rsyslog.com/doc/relp.html – `TXNR COMMAND LENGTH[ DATA]\n`.
struct RelpFrame {
  std::string_view transaction;  // up to nine digits
  std::string_view command;      // letters, at most 32
  std::string_view data;
  std::size_t size = 0;  // of the frame, its line end included
};

enum class RelpScan : std::uint8_t { complete, incomplete, malformed };

/// Reads what stands before the data: `frame.size` is then where these begin, `frame.data` is empty, and `length` is
/// that of the data, of up to nine digits.
RelpScan scan_relp_head(std::string_view bytes, RelpFrame& frame, std::size_t& length) noexcept;

/// Reads the frame at the beginning of `bytes`, into views of them. More than `longest` bytes of data are malformed.
RelpScan scan_relp(std::string_view bytes, std::size_t longest, RelpFrame& frame) noexcept;

/// Appends a frame.
void append_relp(std::string& out, std::string_view transaction, std::string_view command, std::string_view data);

}  // namespace logboom
