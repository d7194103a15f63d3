#pragma once

#include <optional>
#include <string>

#include <logboom/inject.hpp>
#include <logboom/output.hpp>
#include <logboom/params.hpp>

#include "compressor.hpp"

namespace logboom {

struct OutFileOptions {
  std::string path;
  std::optional<bool> append;
  bool add_path_suffix = true;
  std::string path_suffix = ".log";
  Compression compress = Compression::text;
  bool recompress = true;
  std::optional<std::string> symlink_path;
  bool symlink_path_use_relative = false;
  std::optional<FileMode> file_permission;
  std::optional<FileMode> dir_permission;
  std::optional<std::string> time_slice_format;
  bool utc = false;
  bool localtime = true;
  std::optional<std::string> timezone;
  enum class Integrity : std::uint8_t { none, sha256 };
  Integrity integrity = Integrity::none;
  std::optional<std::string> integrity_key;
  PluginSection format{"out_file", nullptr};
  std::optional<InjectOptions> inject;

  static void describe(Describe<OutFileOptions>& d);

  /// Each chunk becomes files of its own, which are complete.
  bool complete_files() const { return append ? !*append : compress != Compression::text; }
  /// Chunks wait until their slice is over.
  bool waits() const { return complete_files() || compress != Compression::text; }
  BufferDefaults buffer_defaults() const;
};

}  // namespace logboom
