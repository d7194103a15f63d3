#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <logboom/integrity.hpp>
#include <logboom/log.hpp>

#include "compressor.hpp"
#include "file_io.hpp"

namespace logboom {

/// The open chain beside a file.
struct ChainFile {
  std::string path;
  Fd fd;
  std::uint64_t size = 0;
  integrity::Builder builder;
  std::string stream;
  std::uint64_t sequence = 0;
};

/// The chains of one output's files: each begins with the last digest of the one before it in its stream.
///
/// A chain announces text before it is written and confirms it afterwards, so that what a crash leaves behind can be
/// told from what somebody did.
///
/// Threads: one at a time. Errors: std::exception with the name of the file.
class Chains {
 public:
  struct Spec {
    FileModes modes;
    Compression compression = Compression::text;
    std::optional<integrity::Key> key;
  };

  /// `log` outlives it.
  Chains(Spec spec, Log& log) : spec_(std::move(spec)), log_(log) {}

  /// The chain of the file at `path`, which is open for appending as `file`: the one that is there, brought to the
  /// file's size, or a new one.
  ChainFile open(const std::string& path, int file, const std::string& stream);
  /// A new chain under another name than its file is going to have; the file's is `name`.
  ChainFile create(const std::string& chain_path, const std::string& name, int file, const std::string& stream);

  void announce(ChainFile& chain, std::string_view text, std::uint64_t file_bytes);
  void confirm(ChainFile& chain, const std::string& path);
  /// After something was taken back: what comes next begins with what is there.
  void forget();

 private:
  struct Last {
    std::uint64_t sequence = 0;
    std::string path;
    std::optional<integrity::Digest> digest;  // none: of an earlier process, not looked at yet
  };

  bool go_on(ChainFile& chain, const std::string& path, int file);
  void begin(ChainFile& chain, const std::string& name, int file);
  void put_aside(const ChainFile& chain, const std::string& path, const integrity::Header& header);
  void append(ChainFile& chain);
  Last* last(const std::string& stream, const std::string& path);
  void look_for(const std::string& directory);

  Spec spec_;
  Log& log_;
  OutBuffer records_;
  std::unordered_map<std::string, Last> last_;
  std::unordered_set<std::string> known_directories_;
};

}  // namespace logboom
