#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/integrity.hpp>

namespace logboom {

/// What `logboom verify` says of one file and its chain.
struct VerifyReport {
  struct Finding {
    std::string kind;        // changed, removed, inserted, moved, cut, chain, signature, file, link
    std::uint64_t line = 0;  // from 1; 0: of no line
    std::string text;
  };
  /// Checkpoints whose signature is right prove what is before them.
  struct Proof {
    std::uint64_t lines = 0;
    std::int64_t time = 0;  // ns since 1970
  };

  std::string file;  // empty: there is none
  std::string chain;
  std::uint64_t lines = 0;
  std::uint64_t lines_before_any_difference = 0;
  bool is_signed = false;
  std::string signer;  // the public key, in hex
  std::optional<Proof> proof;
  std::vector<Finding> findings;
  std::vector<std::string> notes;
  std::optional<integrity::Header> header;
  std::vector<integrity::Digest> digests;  // of the chain's records

  bool right() const noexcept { return findings.empty(); }
};

/// A chain's records as far as they are whole, and what text they leave to be expected.
struct ParsedChain {
  struct Block {
    std::uint64_t first = 0;  // of all pieces
    std::uint64_t count = 0;  // that are expected; all of them where it is whole
    bool whole = true;
    std::uint64_t end = 0;  // in the text
    integrity::Digest leaves{};
  };
  struct Cut {
    std::int64_t time = 0;
    std::uint64_t found = 0;
    std::uint64_t confirmed = 0;
    std::uint64_t pieces = 0;
    std::uint64_t missing = 0;  // pieces
  };

  integrity::Header header;
  std::vector<integrity::Record> records;
  std::vector<std::uint64_t> expected;  // the pieces' digests' first 8 bytes
  std::vector<Block> blocks;
  std::uint64_t confirmed = 0;  // pieces, by the last checkpoint
  std::vector<Cut> cuts;
  bool whole = true;  // nothing stands behind the last record
};

/// Nothing where the bytes are no chain. The bytes outlive what comes back.
std::optional<ParsedChain> parse_chain(std::string_view bytes);

/// The beginning of a digest, as `expected` has it.
std::uint64_t short_digest(std::string_view digest) noexcept;

/// Checks the chain by itself: its digests and signatures. `key`: the one that must have signed it.
void check_chain(const ParsedChain& chain, const integrity::Key* key, VerifyReport& report);
/// Checks the text of the file against the chain.
void check_text(const ParsedChain& chain, const std::string& path, VerifyReport& report);

/// 2026-01-01T12:00:00Z
std::string time_text(std::int64_t nanoseconds);

}  // namespace logboom
