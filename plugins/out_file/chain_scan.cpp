#include "chain_scan.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace logboom {

namespace {

using integrity::Block;
using integrity::Digest;
using integrity::magic;
using integrity::record_at;
using integrity::Reopen;
using integrity::Sha256;
using integrity::take_piece;
using integrity::view;

constexpr std::size_t prefix_size = 8;
constexpr std::size_t frame_size = 4 + 1 + sizeof(Digest);
/// From the beginning of a block's record.
constexpr std::size_t prefixes_at = 4 + 1 + 36 + sizeof(Digest);

/// Up to `size` bytes of a file.
std::string read_at(int fd, std::uint64_t at, std::size_t size, const std::string& path) {
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const ssize_t count = ::pread(fd, out.data() + got, size - got, static_cast<off_t>(at + got));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category(), "can't read " + path);
    if (count == 0) break;
    got += static_cast<std::size_t>(count);
  }
  out.resize(got);
  return out;
}

std::uint64_t size_of(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

void take_block(const Block& block, ChainScan& scan) {
  scan.places.push_back({scan.state.file_end, block.offset, scan.state.pieces, scan.size, block.pieces});
  scan.state.text_end = block.offset + block.bytes;
  scan.state.file_end += block.file_bytes;
  scan.state.pieces += block.pieces;
}

void take_reopen(const Reopen& found, ChainScan& scan) {
  scan.state.text_end = found.next_text;
  scan.state.file_end = found.next_file;
  scan.state.pieces = found.pieces + (found.torn > 0 ? 1 : 0);
  scan.confirmed = std::min(scan.confirmed, found.next_file);
  std::erase_if(scan.places, [&](const ChainScan::Place& place) { return place.file >= found.next_file; });
}

/// False where the record is not of a kind that comes there.
bool take(const integrity::Record& record, ChainScan& scan) {
  if (!scan.header) {
    scan.header = record.header();
    if (!scan.header) return false;
    scan.state.file_end = scan.confirmed = scan.header->base;
    if (scan.header->compression == 0) scan.state.text_end = scan.header->base;
  } else if (const auto block = record.block()) {
    take_block(*block, scan);
  } else if (const auto checkpoint = record.checkpoint()) {
    scan.confirmed = checkpoint->file_end;
  } else if (const auto found = record.reopen()) {
    take_reopen(*found, scan);
  } else {
    return false;
  }
  scan.state.digest = record.digest;
  return true;
}

/// Of a block that was not wholly written: the pieces that are there.
void keep_pieces(const ChainScan::Place& place, std::uint64_t found, int chain, int file, Reopen& out) {
  const std::string text = read_at(file, place.file, found - place.file, "the file");
  const std::string prefixes = read_at(chain, place.record + prefixes_at, place.count * prefix_size, "the chain");
  out.text_end = place.text;
  out.pieces = place.pieces;
  Sha256 hash;
  std::string_view rest = text;
  for (std::size_t at = 0; at < prefixes.size() && !rest.empty(); at += prefix_size) {
    std::string_view after = rest;
    const std::string_view piece = take_piece(after);
    if (prefixes.compare(at, prefix_size, view(hash.add(piece).finish()), 0, prefix_size) != 0) break;
    rest = after;
    ++out.pieces;
    out.text_end += piece.size();
  }
  // More than one line that nobody announced is somebody else's.
  if (rest.empty() || rest.find('\n') < rest.size() - 1) return;
  out.torn = rest.size();
  out.leaf = hash.add(rest).finish();
}

}  // namespace

std::optional<ChainScan> scan_chain(int fd, const std::string& path, bool header_only) {
  if (read_at(fd, 0, magic.size(), path) != magic) return std::nullopt;
  ChainScan scan;
  scan.size = magic.size();
  const std::uint64_t end = size_of(fd);
  while (end - scan.size >= frame_size) {
    const std::string head = read_at(fd, scan.size, 4, path);
    std::uint32_t body = 0;
    for (std::size_t i = head.size(); i-- > 0;) body = body << 8 | static_cast<unsigned char>(head[i]);
    if (body > end - scan.size - frame_size) break;
    const std::string bytes = read_at(fd, scan.size, frame_size + body, path);
    const auto record = record_at(bytes, 0);
    if (!record || !take(*record, scan)) break;
    scan.size += bytes.size();
    if (header_only) break;
  }
  if (!scan.header) return std::nullopt;
  return scan;
}

Reopen reopened(const ChainScan& scan, std::uint64_t found, int chain, int file) {
  const bool compressed = scan.header->compression != 0;
  Reopen out;
  out.found = out.next_file = found;
  out.text_end = scan.state.text_end;
  out.pieces = scan.state.pieces;
  out.next_text = compressed ? out.text_end : found;
  if (found >= scan.state.file_end) return out;
  const auto place = std::find_if(scan.places.rbegin(), scan.places.rend(),
                                  [&](const ChainScan::Place& candidate) { return candidate.file <= found; });
  if (place == scan.places.rend()) {
    // Nothing of what the chain is about is there.
    out.pieces = 0;
    out.text_end = out.next_text = compressed ? 0 : found;
  } else if (compressed) {
    // A part of a member can't be read.
    out.pieces = place->pieces;
    out.next_file = place->file;
    out.text_end = out.next_text = place->text;
  } else {
    keep_pieces(*place, found, chain, file, out);
  }
  return out;
}

}  // namespace logboom
