#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <logboom/log.hpp>

#include "compressor.hpp"
#include "file_io.hpp"
#include "targets.hpp"

namespace logboom {

/// Brings the text of targets into files, chunk by chunk, so that a chunk is there once: what is there of one that
/// fails is taken back, and the whole chunk may come again.
///
/// Two ways: a target's text is appended to its file; or each chunk makes new complete files, which get their names
/// when they are written. What is compressed is one piece for each chunk, or several where that is large.
///
/// Threads: one at a time. Call order: `begin`, then `put` as often as wanted, then `finish` or `roll_back`.
/// Errors: std::exception, with the file's name in its message.
class FileWriter {
 public:
  struct Spec {
    FileModes modes;
    Compression compression = Compression::text;
    bool complete_files = false;
    bool link_is_relative = false;
    /// Each event's text ends with a line feed: a line that a crash left unfinished gets one.
    bool lines = false;
    std::optional<Chains::Spec> chains;
  };
  /// No more files are open, nor names remembered to be open, than this.
  static constexpr std::size_t max_open = 256;

  /// `log` outlives the writer.
  FileWriter(const Spec& spec, Log& log) : spec_(spec), log_(log) {
    if (spec_.chains) chains_.emplace(*spec_.chains, log);
  }

  Targets& targets() noexcept { return targets_; }
  /// Opens the target's file, where there is one for many chunks; std::system_error then leaves everything as it was.
  Target& add(Target target);

  void begin(std::string_view chunk_id);
  /// Called when a target's text is long: writes it, unless it had better be longer.
  void put(Target& target);
  /// Writes the text of all targets.
  void put_all();
  void finish();
  /// Empty, or what could not be taken back.
  std::string roll_back();

  void close_files() noexcept;
  void release_memory() noexcept;

 private:
  struct Written {
    std::string path;
    dev_t device;
    ino_t inode;
    std::uint64_t start;
    std::uint64_t bytes;
    /// Of its chain, if there is one: where it was when the chunk began, and before it confirmed the chunk.
    std::string chain_path = std::string();
    std::uint64_t chain_start = 0;
    std::optional<std::uint64_t> unconfirmed = std::nullopt;
  };
  struct Staged {
    std::string temporary;
    FileName name;
    std::int64_t slice;
    std::string link;
    std::optional<ChainFile> chain = std::nullopt;
    Fd fd = Fd();                      // while more may come
    std::string path = std::string();  // once it is named
  };

  void write(Target& target);
  void append(Target& target);
  void stage(Target& target);
  void begin_stage(Target& target);
  std::string_view packed(const Target& target);
  void name_staged(Staged& staged);
  void confirm(Target& target);
  void open(Target& target);
  void open_numbered(Target& target);
  void remember_number(const std::string& name, const std::string& path);
  void open_journal(Target& target);
  void end_line(Target& target);
  struct stat follow_chain(Target& target);
  static bool take_back(const Written& written);
  static bool undo(const Written& written);
  static bool undo(const Staged& staged);
  void close_unused();
  void link(const std::string& link, const std::string& path, std::int64_t slice) noexcept;

  Spec spec_;
  Log& log_;
  LogLimiter link_log_{std::chrono::seconds(60)};
  std::optional<Chains> chains_;
  Targets targets_;
  std::string chunk_id_;
  std::uint64_t chunk_ = 0;
  std::vector<Written> journal_;
  std::vector<Staged> staged_;
  OutBuffer compressed_;
  /// The number that this process chose for a name, as the path that came of it.
  std::unordered_map<std::string, std::string> numbered_;
  std::map<std::string, std::int64_t, std::less<>> newest_link_;
};

}  // namespace logboom
