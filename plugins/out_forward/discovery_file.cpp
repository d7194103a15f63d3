#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include <logboom/event.hpp>
#include <logboom/json_reader.hpp>
#include <logboom/log.hpp>
#include <logboom/value_text.hpp>

#include "discovery.hpp"

namespace logboom::out_forward {

namespace {

using Row = std::map<std::string, std::string>;

std::vector<Row> rows_of_yaml(const std::string& text) {
  const YAML::Node list = YAML::Load(text);
  if (list.IsNull()) return {};
  if (!list.IsSequence()) throw std::runtime_error("it is no list of servers");
  std::vector<Row> rows;
  for (const YAML::Node& node : list) {
    if (!node.IsMap()) throw std::runtime_error("a server is no map");
    Row& row = rows.emplace_back();
    for (const auto& pair : node) {
      if (pair.second.IsNull()) continue;
      if (!pair.second.IsScalar()) throw std::runtime_error("a value of a server is no text or number");
      row[pair.first.as<std::string>()] = pair.second.as<std::string>();
    }
  }
  return rows;
}

std::vector<Row> rows_of_json(const std::string& text) {
  OutBuffer bytes;
  JsonError error;
  if (!JsonReader().read(text, bytes, error)) throw std::runtime_error(cat("byte ", error.offset, ": ", error.message));
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const msgpack::Value list(begin, begin + bytes.size());
  if (list.type() != msgpack::Type::array) throw std::runtime_error("it is no list of servers");
  std::vector<Row> rows;
  const std::uint8_t* at = list.children();
  for (std::uint32_t i = 0; i < list.count(); ++i) {
    const std::uint8_t* const next = msgpack::skip(at, list.end());
    const msgpack::Value map(at, next);
    if (map.type() != msgpack::Type::map) throw std::runtime_error("a server is no map");
    Row& row = rows.emplace_back();
    Record(map).for_each([&row](const msgpack::Value& key, const msgpack::Value& value) {
      if (value.type() == msgpack::Type::nil) return;
      OutBuffer scratch;
      row[std::string(key.text())] = value_text(value, scratch);
    });
    at = next;
  }
  return rows;
}

template <class N>
void take_number(const Row& row, const char* key, N& out) {
  const auto found = row.find(key);
  if (found == row.end()) return;
  const std::string& text = found->second;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc() || end != text.data() + text.size()) {
    throw std::runtime_error(cat("a server's ", std::string_view(key), " is no number in range: ", text));
  }
}

void take_text(const Row& row, const char* key, std::string& out) {
  if (const auto found = row.find(key); found != row.end()) out = found->second;
}

ServerSettings settings_of(const Row& row) {
  ServerSettings server;
  take_text(row, "host", server.host);
  if (server.host.empty() || !row.contains("port")) throw std::runtime_error("each server needs `host` and `port`");
  take_number(row, "port", server.port);
  take_number(row, "weight", server.weight);
  take_number(row, "priority", server.priority);
  take_text(row, "name", server.name);
  take_text(row, "username", server.username);
  take_text(row, "password", server.password);
  take_text(row, "shared_key", server.shared_key);
  const auto standby = row.find("standby");
  server.standby = standby != row.end() && (standby->second == "true" || standby->second == "yes");
  return server;
}

/// Reads its file again when that is another one, or has changed.
class FileDiscovery final : public Discovery {
 public:
  explicit FileDiscovery(std::string path) : path_(std::move(path)), is_json_(path_.ends_with(".json")) {}

  bool look(std::vector<ServerSettings>& servers, std::string& why, Clock::time_point) override {
    struct stat now {};
    if (::stat(path_.c_str(), &now) != 0) {
      why = cat(path_, ": can't be read");
      seen_ = {};
      return false;
    }
    const State state{now.st_ino,          now.st_size,        now.st_mtim.tv_sec,
                      now.st_mtim.tv_nsec, now.st_ctim.tv_sec, now.st_ctim.tv_nsec};
    if (state == seen_) return false;
    seen_ = state;
    try {
      std::ifstream file(path_);
      std::stringstream text;
      text << file.rdbuf();
      if (!file) {
        seen_ = {};
        throw std::runtime_error("can't be read");
      }
      servers = read_server_list(text.str(), is_json_);
      return true;
    } catch (const std::exception& error) {
      why = cat(path_, ": ", std::string_view(error.what()));
      return false;
    }
  }
  std::chrono::nanoseconds interval() const override { return std::chrono::seconds(1); }

 private:
  struct State {
    ino_t file = 0;
    off_t size = 0;
    time_t written = 0;
    long written_nanoseconds = 0;
    time_t changed = 0;  // also its owner or its mode
    long changed_nanoseconds = 0;
    bool operator==(const State&) const = default;
  };
  std::string path_;
  bool is_json_;
  State seen_;
};

}  // namespace

std::vector<ServerSettings> read_server_list(const std::string& text, bool is_json) {
  std::vector<ServerSettings> servers;
  for (const Row& row : is_json ? rows_of_json(text) : rows_of_yaml(text)) servers.push_back(settings_of(row));
  return servers;
}

std::unique_ptr<Discovery> make_file_discovery(const DiscoveryOptions& options) {
  return std::make_unique<FileDiscovery>(options.path);
}

}  // namespace logboom::out_forward
