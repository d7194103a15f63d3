#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/out_buffer.hpp>

/// The hash chain that shows whether a file's lines are those that were written: `docs/integrity.md` has its format.
namespace logboom::integrity {

/// What comes behind the name of a file for the name of its chain.
constexpr std::string_view chain_suffix = ".integrity";

using Digest = std::array<std::uint8_t, 32>;
std::string to_hex(std::string_view bytes);
inline std::string_view view(const Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// SHA-256 of what is added. Threads: one at a time. Errors: std::runtime_error from OpenSSL.
class Sha256 {
 public:
  Sha256();
  Sha256& add(std::string_view bytes);
  /// Of what was added since the last one.
  Digest finish();

 private:
  struct Free {
    void operator()(void* context) const noexcept;
  };
  std::unique_ptr<void, Free> context_;
};

/// An Ed25519 key. Reading and making throw std::runtime_error with the file's name. Threads: any.
class Key {
 public:
  using Signature = std::array<std::uint8_t, 64>;

  /// A PEM file: the private key (PKCS #8), or the public one (SubjectPublicKeyInfo).
  static Key read_private(const std::string& path);
  static Key read_public(const std::string& path);
  static Key from_raw_public(const Digest& bytes);
  /// Writes a new private key to `path`, which must not be there yet, for its owner only, and its public one to
  /// `path`.pub.
  static Key make(const std::string& path);

  Digest raw_public() const;
  Signature sign(std::string_view text) const;
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  explicit Key(void* key) : key_(key, free) {}
  static void free(void* key) noexcept;
  std::shared_ptr<void> key_;
};

/// The first record of a chain.
struct Header {
  std::uint64_t sequence = 0;  // 0, 1 … in the stream
  std::int64_t created = 0;    // ns since 1970
  std::uint64_t device = 0;    // of the file, when the chain began
  std::uint64_t inode = 0;
  std::uint8_t compression = 0;  // 0 none, 1 gzip, 2 zstd: of the file; what follows is about its text
  std::uint64_t base = 0;        // bytes of the file that were there before
  Digest previous{};             // the last digest of the stream's chain before this one
  Digest public_key{};           // zeros: checkpoints are not signed
  std::string previous_name;
  std::string stream;  // the same for the files that follow one another
};

/// Text that is going to be written. Its pieces are what lies between one line feed and the next, the line feed
/// included; the last one ends with the text.
struct Block {
  std::uint64_t offset = 0;  // of the text
  std::uint64_t bytes = 0;
  std::uint64_t file_bytes = 0;  // compressed
  std::uint32_t pieces = 0;
  std::int64_t time = 0;
  Digest leaves{};            // SHA-256 of the pieces' digests
  std::string_view prefixes;  // the first 8 bytes of each piece's digest
};

/// Everything before it is written.
struct Checkpoint {
  std::int64_t time = 0;
  std::uint64_t text_end = 0;
  std::uint64_t file_end = 0;
  std::uint64_t pieces = 0;
  std::string_view signature;
};

/// The file was found with another size than the chain says: blocks that were not, or not wholly, written.
struct Reopen {
  std::int64_t time = 0;
  std::uint64_t found = 0;     // bytes of the file
  std::uint64_t text_end = 0;  // of the whole pieces that are there
  std::uint64_t pieces = 0;
  std::uint64_t torn = 0;  // bytes of a piece that is not whole, with the line feed that ends it now
  Digest leaf{};           // of those
  std::uint64_t next_text = 0;
  std::uint64_t next_file = 0;
};

enum class RecordType : char { header = 'H', block = 'B', checkpoint = 'C', reopen = 'R' };

struct Record {
  RecordType type = RecordType::header;
  std::string_view body;
  Digest digest{};
  std::size_t end = 0;  // where the next record begins

  std::optional<Header> header() const;
  std::optional<Block> block() const;
  std::optional<Checkpoint> checkpoint() const;
  std::optional<Reopen> reopen() const;
  /// What `digest` must be behind a record with that one.
  Digest digest_after(Sha256& hash, const Digest& before) const;
  /// What a checkpoint's signature is of.
  std::string signed_text(const Digest& before) const;
};

constexpr std::string_view magic = "LBCHAIN1";

/// The record at `at` in the bytes of a chain; nothing where it is not whole or is none.
std::optional<Record> record_at(std::string_view chain, std::size_t at);

/// The next piece of a text, which it takes off.
std::string_view take_piece(std::string_view& text) noexcept;

/// Adds records. Threads: one at a time. A copy of the state is a point to come back to.
class Builder {
 public:
  struct State {
    Digest digest{};
    std::uint64_t text_end = 0;
    std::uint64_t file_end = 0;
    std::uint64_t pieces = 0;
  };

  Builder() = default;
  explicit Builder(const State& state) : state_(state) {}

  void start(const Header& header, OutBuffer& out);
  void block(std::string_view text, std::uint64_t file_bytes, std::int64_t time, OutBuffer& out);
  void checkpoint(std::int64_t time, const Key* key, OutBuffer& out);
  void reopen(const Reopen& found, OutBuffer& out);

  const State& state() const noexcept { return state_; }
  void restore(const State& state) noexcept { state_ = state; }

 private:
  void record(RecordType type, std::string_view body, OutBuffer& out);

  State state_;
  Sha256 leaf_;
  Sha256 hash_;
  OutBuffer prefixes_;
  OutBuffer body_;
};

}  // namespace logboom::integrity
