#pragma once

#include <maxminddb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <logboom/msgpack.hpp>

namespace logboom::geoip {

/// A way to a value in what the database has of an address: keys of maps and places in arrays.
class Path {
 public:
  /// `text`: steps with dots between them, such as "subdivisions.0.names.en".
  explicit Path(std::string_view text);

  const std::vector<std::string>& steps() const noexcept { return steps_; }

 private:
  std::vector<std::string> steps_;
};

/// One MaxMind database (https://maxmind.github.io/MaxMind-DB/), mapped into memory.
///
/// Threads: any, for all const members.
class Database {
 public:
  /// Throws std::runtime_error: its text says what is wrong with the file.
  explicit Database(const std::string& file);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { MMDB_close(&mmdb_); }

  /// What there is of an address, IPv4 or IPv6; none where the text is no address or the database does not know it.
  /// A damaged database sets `error`.
  std::optional<MMDB_entry_s> find(std::string_view address, std::string& error) const;

  /// Writes the value at a path as one msgpack object: nil where there is none. False, with nothing written, where the
  /// database is damaged.
  static bool write(MMDB_entry_s entry, const Path& path, msgpack::Writer& writer, std::string& error);

 private:
  MMDB_s mmdb_{};
};

}  // namespace logboom::geoip
