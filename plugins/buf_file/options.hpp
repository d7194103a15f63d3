#pragma once

#include <optional>
#include <string>

#include <logboom/buffer.hpp>

#include "store.hpp"

namespace logboom::buf_file {

/// What `<buffer>` says with `@type file`.
struct FileOptions : BufferOptions {
  std::optional<std::string> path;
  std::string path_suffix = ".log";
  std::optional<FileMode> file_permission;
  std::optional<FileMode> dir_permission;
  SyncPolicy sync = SyncPolicy::interval;
  std::chrono::nanoseconds sync_interval{std::chrono::seconds(1)};
  ByteSize segment_size{std::uint64_t{64} << 20};
  std::chrono::nanoseconds retain{0};
  /// How long a flush thread waits for a chunk's last frames to be written, before it looks at other chunks: no
  /// parameter.
  std::chrono::milliseconds read_patience{500};

  /// Only those that other buffers don't have.
  static void describe(Describe<FileOptions>& d);
};

/// All of them.
Schema file_schema();

}  // namespace logboom::buf_file
