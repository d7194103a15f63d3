#include <logboom/integrity.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using logboom::OutBuffer;
using namespace logboom::integrity;

/// What is read stands within the record.
void check_inside(std::string_view part, std::string_view whole) {
  if (!part.empty() && (part.data() < whole.data() || part.data() + part.size() > whole.data() + whole.size()))
    std::abort();
}

void read(const Record& record) {
  if (const auto header = record.header(); header && record.type != RecordType::header) std::abort();
  if (const auto block = record.block()) {
    check_inside(block->prefixes, record.body);
    if (block->prefixes.size() != std::uint64_t{block->pieces} * 8) std::abort();
  }
  if (const auto checkpoint = record.checkpoint()) {
    check_inside(checkpoint->signature, record.body);
    record.signed_text({});
  }
  if (record.reopen() && record.type != RecordType::reopen) std::abort();
}

void walk(std::string_view chain) {
  Sha256 hash;
  Digest digest{};
  for (std::size_t at = 0; at < chain.size();) {
    const auto record = record_at(chain, at);
    if (!record) break;
    if (record->end <= at || record->end > chain.size()) std::abort();
    check_inside(record->body, chain);
    read(*record);
    digest = record->digest_after(hash, digest);
    at = record->end;
  }
}

/// What is written is read as it was, and every digest is right.
void round_trip(std::string_view text) {
  OutBuffer out;
  Builder builder;
  builder.start({}, out);
  std::size_t blocks = 0;
  for (; !text.empty(); ++blocks) {
    const std::string_view part = text.substr(0, static_cast<std::uint8_t>(text[0]) + std::size_t{1});
    builder.block(part, part.size(), 1, out);
    text.remove_prefix(part.size());
  }
  builder.checkpoint(2, nullptr, out);
  Sha256 hash;
  Digest digest{};
  std::size_t at = magic.size(), records = 0;
  for (; at < out.size(); ++records) {
    const auto record = record_at(out.text(), at);
    if (!record) std::abort();
    digest = record->digest_after(hash, digest);
    if (digest != record->digest) std::abort();
    at = record->end;
  }
  if (at != out.size() || records != blocks + 2 || digest != builder.state().digest) std::abort();
}

}  // namespace

/// Any bytes as the chain of a file, and as a text that gets one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  walk(bytes);
  round_trip(bytes);
  return 0;
}
