#include "cli/verify_chain.hpp"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <logboom/log.hpp>

namespace logboom {

namespace {

using namespace integrity;

constexpr std::size_t short_size = sizeof(std::uint64_t);
constexpr std::int64_t second = 1'000'000'000;

void take_block(const Block& block, ParsedChain& chain) {
  chain.blocks.push_back({chain.expected.size(), block.pieces, true, block.offset + block.bytes, block.leaves});
  for (std::size_t at = 0; at < block.prefixes.size(); at += short_size)
    chain.expected.push_back(short_digest(block.prefixes.substr(at)));
}

void take_reopen(const Reopen& found, std::uint64_t confirmed_bytes, ParsedChain& chain) {
  const std::uint64_t pieces = std::min<std::uint64_t>(found.pieces, chain.expected.size());
  if (found.found < confirmed_bytes) {
    const std::uint64_t missing = chain.confirmed > pieces ? chain.confirmed - pieces : 0;
    chain.cuts.push_back({found.time, found.found, confirmed_bytes, pieces, missing});
  }
  while (!chain.blocks.empty() && chain.blocks.back().first >= pieces) chain.blocks.pop_back();
  if (!chain.blocks.empty()) {
    ParsedChain::Block& last = chain.blocks.back();
    if (last.first + last.count > pieces) {
      last.count = pieces - last.first;
      last.whole = false;
      last.end = found.text_end;
    }
  }
  chain.expected.resize(pieces);
  if (found.torn > 0) {
    Sha256 hash;
    chain.blocks.push_back({pieces, 1, true, found.text_end + found.torn, hash.add(view(found.leaf)).finish()});
    chain.expected.push_back(short_digest(view(found.leaf)));
  }
  chain.confirmed = std::min<std::uint64_t>(chain.confirmed, chain.expected.size());
}

struct Signed {
  std::size_t record;
  std::uint64_t pieces;
  std::int64_t time;
};

bool is_signature_right(const ParsedChain& chain, std::size_t record, const Key& key) {
  const Digest before = record == 0 ? Digest{} : chain.records[record - 1].digest;
  return key.verifies(chain.records[record].signed_text(before), chain.records[record].checkpoint()->signature);
}

/// The checkpoints whose pieces are still expected, in order.
std::vector<Signed> checkpoints(const ParsedChain& chain) {
  std::vector<Signed> out;
  for (std::size_t i = 0; i < chain.records.size(); ++i) {
    if (const auto checkpoint = chain.records[i].checkpoint()) out.push_back({i, checkpoint->pieces, checkpoint->time});
  }
  return out;
}

/// True where every digest follows from the one before.
bool check_digests(const ParsedChain& chain, VerifyReport& report) {
  Sha256 hash;
  Digest before{};
  std::uint64_t pieces = 0;
  for (const Record& record : chain.records) {
    report.digests.push_back(record.digest);
    if (record.digest_after(hash, before) != record.digest) {
      report.findings.push_back(
          {"chain", pieces + 1,
           cat("the chain itself was changed where it is about line ", pieces + 1, " and those behind it")});
      return false;
    }
    if (const auto block = record.block()) pieces += block->pieces;
    if (const auto found = record.reopen()) pieces = found->pieces + (found->torn > 0 ? 1 : 0);
    before = record.digest;
  }
  return true;
}

void check_signatures(const ParsedChain& chain, const Key& key, bool digests_right, VerifyReport& report) {
  const std::vector<Signed> all = checkpoints(chain);
  if (all.empty()) return;
  if (digests_right && is_signature_right(chain, all.back().record, key)) {
    report.proof = {all.back().pieces, all.back().time};
    return;
  }
  for (const Signed& checkpoint : all) {
    if (!is_signature_right(chain, checkpoint.record, key)) {
      report.findings.push_back({"signature", report.proof ? report.proof->lines + 1 : 1,
                                 cat("the signature of ", time_text(checkpoint.time), " over the first ",
                                     checkpoint.pieces, " lines is not by this key")});
      return;
    }
    report.proof = {checkpoint.pieces, checkpoint.time};
  }
}

}  // namespace

std::uint64_t short_digest(std::string_view digest) noexcept {
  std::uint64_t out = 0;
  std::memcpy(&out, digest.data(), short_size);
  return out;
}

std::string time_text(std::int64_t nanoseconds) {
  const std::time_t seconds = static_cast<std::time_t>(nanoseconds / second);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::optional<ParsedChain> parse_chain(std::string_view bytes) {
  if (bytes.substr(0, magic.size()) != magic) return std::nullopt;
  ParsedChain chain;
  std::uint64_t confirmed_bytes = 0;
  std::size_t at = magic.size();
  while (const auto record = record_at(bytes, at)) {
    if (chain.records.empty()) {
      const auto header = record->header();
      if (!header) return std::nullopt;
      chain.header = *header;
    } else if (const auto block = record->block()) {
      take_block(*block, chain);
    } else if (const auto checkpoint = record->checkpoint()) {
      chain.confirmed = chain.expected.size();
      confirmed_bytes = checkpoint->file_end;
    } else if (const auto found = record->reopen()) {
      take_reopen(*found, confirmed_bytes, chain);
      confirmed_bytes = std::min(confirmed_bytes, found->next_file);
    } else {
      break;
    }
    chain.records.push_back(*record);
    at = record->end;
  }
  if (chain.records.empty()) return std::nullopt;
  chain.whole = at == bytes.size();
  return chain;
}

void check_chain(const ParsedChain& chain, const Key* key, VerifyReport& report) {
  report.header = chain.header;
  report.is_signed = chain.header.public_key != Digest{};
  if (report.is_signed) report.signer = to_hex(view(chain.header.public_key));
  const bool digests_right = check_digests(chain, report);
  if (key != nullptr && key->raw_public() != chain.header.public_key) {
    report.findings.push_back({"signature", 0,
                               report.is_signed ? cat("the chain names another key, ", report.signer)
                                                : std::string("the chain is not signed")});
    return;
  }
  if (!report.is_signed) {
    const auto all = checkpoints(chain);
    if (!all.empty() && digests_right) report.proof = {all.back().pieces, all.back().time};
    report.notes.push_back("the chain is not signed: whoever may write to it could have made it anew");
    return;
  }
  if (key == nullptr)
    report.notes.push_back("the key is the one that the chain names; --key says which one it must be");
  try {
    check_signatures(chain, key != nullptr ? *key : Key::from_raw_public(chain.header.public_key), digests_right,
                     report);
  } catch (const std::exception& e) {
    report.findings.push_back({"signature", 0, e.what()});
  }
}

}  // namespace logboom
