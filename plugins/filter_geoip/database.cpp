#include "database.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

#include <logboom/log.hpp>

namespace logboom::geoip {
namespace {

// MaxMind's own have five steps at most.
constexpr std::size_t most_steps = 32;

/// False where the text is neither an IPv4 nor an IPv6 address.
bool read_address(std::string_view text, sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return false;
  std::copy(text.begin(), text.end(), terminated.begin());
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
  if (inet_pton(AF_INET, terminated.data(), &v4->sin_addr) == 1) {
    address.ss_family = AF_INET;
    return true;
  }
  address.ss_family = AF_INET6;
  return inet_pton(AF_INET6, terminated.data(), &v6->sin6_addr) == 1;
}

/// False for a map or array.
bool write_scalar(const MMDB_entry_data_s& data, msgpack::Writer& writer) {
  switch (data.type) {
    case MMDB_DATA_TYPE_UTF8_STRING: writer.string({data.utf8_string, data.data_size}); return true;
    case MMDB_DATA_TYPE_BYTES: writer.binary({reinterpret_cast<const char*>(data.bytes), data.data_size}); return true;
    case MMDB_DATA_TYPE_DOUBLE: writer.floating(data.double_value); return true;
    case MMDB_DATA_TYPE_FLOAT: writer.floating(static_cast<double>(data.float_value)); return true;
    case MMDB_DATA_TYPE_UINT16: writer.unsigned_integer(data.uint16); return true;
    case MMDB_DATA_TYPE_UINT32: writer.unsigned_integer(data.uint32); return true;
    case MMDB_DATA_TYPE_UINT64: writer.unsigned_integer(data.uint64); return true;
    case MMDB_DATA_TYPE_UINT128: writer.floating(static_cast<double>(data.uint128)); return true;
    case MMDB_DATA_TYPE_INT32: writer.integer(data.int32); return true;
    case MMDB_DATA_TYPE_BOOLEAN: writer.boolean(data.boolean); return true;
    case MMDB_DATA_TYPE_MAP:
    case MMDB_DATA_TYPE_ARRAY: return false;
    default: writer.nil(); return true;
  }
}

/// Writes the object at the head of the list and gives what is behind it. The library has checked that all is there.
const MMDB_entry_data_list_s* write_list(const MMDB_entry_data_list_s* at, msgpack::Writer& writer) {
  const MMDB_entry_data_s& data = at->entry_data;
  at = at->next;
  if (write_scalar(data, writer)) return at;
  const bool is_map = data.type == MMDB_DATA_TYPE_MAP;
  is_map ? writer.map(data.data_size) : writer.array(data.data_size);
  for (std::uint32_t i = 0; i < data.data_size; ++i) {
    if (is_map) at = write_list(at, writer);
    at = write_list(at, writer);
  }
  return at;
}

std::string damaged(int status) {
  return cat("geoip: the database is damaged: ", std::string_view(MMDB_strerror(status)));
}

}  // namespace

Path::Path(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    steps_.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  if (steps_.size() >= most_steps) throw std::invalid_argument("the path has too many steps");
}

Database::Database(const std::string& file) {
  const int status = MMDB_open(file.c_str(), MMDB_MODE_MMAP, &mmdb_);
  if (status == MMDB_SUCCESS) return;
  if (status == MMDB_FILE_OPEN_ERROR) throw std::runtime_error(cat("can't open the database ", file));
  throw std::runtime_error(cat(file, " is no MaxMind database: ", std::string_view(MMDB_strerror(status))));
}

std::optional<MMDB_entry_s> Database::find(std::string_view text, std::string& error) const {
  sockaddr_storage address{};
  if (!read_address(text, address)) return std::nullopt;
  if (address.ss_family == AF_INET6 && mmdb_.metadata.ip_version == 4) return std::nullopt;
  int status = MMDB_SUCCESS;
  const MMDB_lookup_result_s result =
      MMDB_lookup_sockaddr(&mmdb_, reinterpret_cast<const sockaddr*>(&address), &status);
  if (status != MMDB_SUCCESS) error = damaged(status);
  if (status != MMDB_SUCCESS || !result.found_entry) return std::nullopt;
  return result.entry;
}

bool Database::write(MMDB_entry_s entry, const Path& path, msgpack::Writer& writer, std::string& error) {
  std::array<const char*, most_steps> steps{};
  std::transform(path.steps().begin(), path.steps().end(), steps.begin(),
                 [](const std::string& s) { return s.c_str(); });
  MMDB_entry_data_s data{};
  int status = MMDB_aget_value(&entry, &data, steps.data());
  if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || (status == MMDB_SUCCESS && !data.has_data)) {
    writer.nil();
    return true;
  }
  if (status == MMDB_SUCCESS && write_scalar(data, writer)) return true;
  MMDB_entry_data_list_s* list = nullptr;
  if (status == MMDB_SUCCESS) {
    entry.offset = data.offset;
    status = MMDB_get_entry_data_list(&entry, &list);
  }
  const std::unique_ptr<MMDB_entry_data_list_s, void (*)(MMDB_entry_data_list_s*)> owned(list,
                                                                                         MMDB_free_entry_data_list);
  if (status != MMDB_SUCCESS) {
    error = damaged(status);
    return false;
  }
  write_list(list, writer);
  return true;
}

}  // namespace logboom::geoip
