#include "pipeline/ledger_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <system_error>

#include <nlohmann/json.hpp>

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;
constexpr int format_version = 1;

Json amounts_json(const Amounts& amounts) {
  Json out = Json::object();
  for (std::size_t i = 0; i < amounts.of.size(); ++i) out[std::string(term_words[i])] = amounts.of[i];
  return out;
}

Amounts amounts_from(const Json& json) {
  Amounts out;
  for (std::size_t i = 0; i < out.of.size(); ++i) out.of[i] = json.value(std::string(term_words[i]), std::int64_t{0});
  return out;
}

Json source_json(const LedgerSource& source) {
  Json out = amounts_json(source.total());
  out["gap"] = source.gap;
  out["difference"] = source.difference();
  Json& tags = out["tags"] = Json::object();
  for (const auto& [tag, amounts] : source.tags) {
    if (amounts != Amounts()) tags[tag] = amounts_json(amounts);
  }
  return out;
}

Json dropped_json(const LedgerOutput::Dropped& dropped) {
  Json out = Json::object();
  for (std::size_t i = 0; i < dropped.size(); ++i) out[std::string(drop_reason_words[i])] = dropped[i];
  return out;
}

LedgerOutput::Dropped dropped_from(const Json& json) {
  LedgerOutput::Dropped out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = json.value(std::string(drop_reason_words[i]), std::int64_t{0});
  return out;
}

Json output_json(const LedgerOutput& output) {
  Json out{{"in", output.in}, {"delivered", output.delivered}, {"buffered", output.buffered}};
  out["dropped"] = dropped_json(output.dropped);
  out["gap"] = output.gap;
  out["found"] = output.found;
  out["difference"] = output.difference();
  if (const auto& ever = output.ever)
    out["ever"] = {{"buffer", ever->buffer},
                   {"since", ever->since_ms},
                   {"delivered", ever->delivered},
                   {"dropped", dropped_json(ever->dropped)}};
  return out;
}

LedgerOutput output_from(const Json& json) {
  LedgerOutput out;
  out.in = json.at("in");
  out.delivered = json.at("delivered");
  out.buffered = json.at("buffered");
  out.gap = json.at("gap");
  out.found = json.at("found");
  out.dropped = dropped_from(json.at("dropped"));
  if (const auto ever = json.find("ever"); ever != json.end())
    out.ever = {ever->at("buffer"), ever->at("since"), ever->at("delivered"), dropped_from(ever->at("dropped"))};
  return out;
}

Json gap_json(const LedgerGap& gap) {
  return {{"from", gap.from},
          {"to", gap.to},
          {"at_most", gap.at_most},
          {"found", gap.found},
          {"uncounted_ms", gap.uncounted_ms},
          {"per_second", gap.per_second}};
}

LedgerGap gap_from(const Json& json) {
  return {json.at("from"),  json.at("to"),           json.at("at_most"),
          json.at("found"), json.at("uncounted_ms"), json.at("per_second")};
}

LedgerState state_from(const Json& json) {
  if (json.at("version") != format_version) throw std::runtime_error("it was written by another version of logboom");
  LedgerState out;
  for (const auto& [id, source] : json.at("sources").items()) {
    LedgerSource& to = out.sources[id];
    to.gap = source.at("gap");
    for (const auto& [tag, amounts] : source.at("tags").items()) to.tags[tag] = amounts_from(amounts);
  }
  for (const auto& [id, output] : json.at("outputs").items()) out.outputs[id] = output_from(output);
  for (const Json& gap : json.at("gaps")) out.gaps.push_back(gap_from(gap));
  out.earlier_gaps = json.at("earlier_gaps");
  out.skew = json.at("skew");
  out.since = json.at("since");
  out.written = json.at("written");
  out.per_second = json.at("per_second");
  out.ended = json.at("ended");
  out.moving = json.at("moving");
  return out;
}

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
    if (fd_ < 0) fail("can't open " + path);
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace

Amounts LedgerSource::total() const {
  Amounts sum;
  for (const auto& [tag, amounts] : tags) sum += amounts;
  return sum;
}

std::int64_t LedgerOutput::difference() const {
  return in - delivered - buffered - gap - std::accumulate(dropped.begin(), dropped.end(), std::int64_t{0});
}

std::int64_t LedgerState::between() const {
  std::int64_t left = -skew;
  for (const auto& [id, source] : sources) left += source.total()[Term::routed];
  for (const auto& [id, output] : outputs) left -= output.in - output.found;
  return left;
}

bool LedgerState::balances() const {
  for (const auto& [id, source] : sources) {
    if (source.difference() != 0) return false;
  }
  for (const auto& [id, output] : outputs) {
    if (output.difference() != 0) return false;
  }
  // Outputs are read a second time behind the sources.
  return between() <= 0 && between() >= -moving;
}

std::string to_json(const LedgerState& state) {
  Json out{{"version", format_version}, {"balances", state.balances()}, {"since", state.since},
           {"written", state.written},  {"ended", state.ended},         {"per_second", state.per_second}};
  Json& sources = out["sources"] = Json::object();
  for (const auto& [id, source] : state.sources) sources[id] = source_json(source);
  Json& outputs = out["outputs"] = Json::object();
  for (const auto& [id, output] : state.outputs) outputs[id] = output_json(output);
  out["between"] = state.between();
  out["moving"] = state.moving;
  out["skew"] = state.skew;
  out["earlier_gaps"] = state.earlier_gaps;
  Json& gaps = out["gaps"] = Json::array();
  for (const LedgerGap& gap : state.gaps) gaps.push_back(gap_json(gap));
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

LedgerState ledger_from_json(const std::string& text) {
  try {
    return state_from(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(error.what());
  }
}

std::string ledger_path(const std::string& root_dir) { return root_dir + "/ledger"; }

LedgerState read_ledger(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno == ENOENT) return {};
  if (!file) fail("can't read " + path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  try {
    return ledger_from_json(text);
  } catch (const std::exception& error) {
    throw std::runtime_error("can't use " + path + ": " + error.what());
  }
}

void write_ledger(const std::string& path, const LedgerState& state, bool safe) {
  const std::string text = to_json(state) + "\n";
  const std::string next = path + ".next";
  {
    const File file(next, O_WRONLY | O_CREAT | O_TRUNC);
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t n = ::write(file.fd(), text.data() + at, text.size() - at);
      if (n < 0 && errno != EINTR) fail("can't write " + next);
      if (n > 0) at += static_cast<std::size_t>(n);
    }
    if (safe && ::fdatasync(file.fd()) != 0) fail("can't sync " + next);
  }
  if (::rename(next.c_str(), path.c_str()) != 0) fail("can't rename " + next);
  if (!safe) return;
  const std::size_t slash = path.rfind('/');
  const File folder(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
  ::fsync(folder.fd());
}

}  // namespace logboom
