#include "options.hpp"

#include <stdexcept>

namespace logboom {

void OutFileOptions::describe(Describe<OutFileOptions>& d) {
  using O = OutFileOptions;
  d.param("path", &O::path,
          "Where the files are; with `${tag}`, `${tag[1]}`, `${chunk_id}`, strftime conversions of the time slice, and "
          "`*` for the whole slice.")
      .required();
  d.param(
      "append", &O::append,
      "true: lines are appended to a file without a number. false: each chunk becomes a complete file with a number, "
      "when its slice is over. When nothing is said, lines are written as they come, to a file with the first free "
      "number (Fluentd keeps them back until the slice is over).");
  d.param("add_path_suffix", &O::add_path_suffix, "Adds path_suffix.");
  d.param("path_suffix", &O::path_suffix, "The end of each name.");
  d.choice("compress", &O::compress,
           {{"text", Compression::text},
            {"gzip", Compression::gzip},
            {"gz", Compression::gzip},
            {"zstd", Compression::zstd}},
           "How files are compressed; `.gz` or `.zstd` comes behind the suffix, and chunks wait for their slice.");
  d.param("recompress", &O::recompress,
          "No effect: it is always as with true; what the buffer had compressed is compressed anew.");
  d.param("symlink_path", &O::symlink_path, "A symbolic link to the newest file.");
  d.param("symlink_path_use_relative", &O::symlink_path_use_relative,
          "The link's target is relative to its directory.");
  d.param("file_permission", &O::file_permission, "Of new files, under the umask; 0644, or what <system> says.");
  d.param("dir_permission", &O::dir_permission, "Of new directories, under the umask; 0755, or what <system> says.");
  d.param("time_slice_format", &O::time_slice_format, "The slice's part of a name; as fine as timekey if not given.");
  d.param("utc", &O::utc, "Slices, and times in lines, are in UTC.");
  d.param("localtime", &O::localtime, "Slices are in local time; false is the same as utc.");
  d.param("timezone", &O::timezone, "The time zone of slices, and of times in lines: `+09:00`, `Asia/Tokyo`.");
  d.choice("integrity", &O::integrity, {{"none", Integrity::none}, {"sha256", Integrity::sha256}},
           "sha256: beside each file its hash chain, by which `logboom verify` finds changed, removed, inserted and "
           "reordered lines and a cut tail; see docs/integrity.md.");
  d.param("integrity_key", &O::integrity_key,
          "The file of the Ed25519 key (PEM) that signs the chains; `logboom verify --make-key` makes one.");
  d.plugin("format", &O::format, PluginKind::formatter, "How an event is written; its line end included.");
  d.section("inject", &O::inject, inject_doc);
  d.leave_section("buffer");
}

BufferDefaults OutFileOptions::buffer_defaults() const {
  BufferDefaults defaults;
  defaults.flush_interval = complete_files() ? std::chrono::seconds(60) : std::chrono::seconds(1);
  defaults.chunk_keys = {"time"};
  defaults.timekey = std::chrono::hours(24);
  if (timezone) {
    defaults.timekey_zone = TimeZone::named(*timezone);
  } else if (utc || !localtime) {
    defaults.timekey_zone = TimeZone::utc();
  }
  return defaults;
}

}  // namespace logboom
