#include "cli/case_files.hpp"

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <logboom/json.hpp>
#include <logboom/json_reader.hpp>

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

// 2020-01-01, for events without a time of their own.
constexpr std::int64_t default_time = 1577836800;

std::string time_text(const EventTime& time) {
  std::string text = std::to_string(time.sec);
  if (time.nsec == 0) return text;
  std::string fraction = std::to_string(1'000'000'000U + time.nsec).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + "." + fraction;
}

EventTime event_time_of(const Json& value) {
  if (value.is_number_integer()) return {value.get<std::int64_t>(), 0};
  if (value.is_number()) {
    const double seconds = std::floor(value.get<double>());
    // A double has no more than microseconds at today's times.
    const auto micro = static_cast<std::uint32_t>(std::lround((value.get<double>() - seconds) * 1e6));
    return {static_cast<std::int64_t>(seconds) + micro / 1'000'000, micro % 1'000'000 * 1000};
  }
  if (!value.is_string()) throw std::invalid_argument("'time' must be a number of seconds, or one as text");
  const auto text = value.get<std::string>();
  const std::size_t dot = text.find('.');
  const std::string fraction = dot == std::string::npos ? "" : text.substr(dot + 1);
  const bool digits = text.find_first_not_of("0123456789.") == std::string::npos && !text.empty() && text[0] != '.' &&
                      fraction.find('.') == std::string::npos && fraction.size() < 10 && text.size() < 30;
  if (!digits) throw std::invalid_argument("'time' must be like \"1577836800.123456789\"");
  return {std::stoll(text), static_cast<std::uint32_t>(std::stoul((fraction + "000000000").substr(0, 9)))};
}

std::string text_member(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_string()) throw std::invalid_argument(cat("'", key, "' must be a text"));
  return found->get<std::string>();
}

Json needed(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw std::invalid_argument(cat("'", key, "' is missing"));
  return *found;
}

Json record_member(const Json& object) {
  Json record = needed(object, "record");
  if (!record.is_object()) throw std::invalid_argument("'record' must be an object");
  return record;
}

std::string to_msgpack(const Json& record) {
  OutBuffer bytes;
  JsonError error;
  if (!JsonReader().read(record.dump(), bytes, error)) throw std::invalid_argument(error.message);
  return std::string(bytes.text());
}

CaseInput input_of(const Json& object) {
  CaseInput input;
  input.label = text_member(object, "label");
  if (input.label == "@ROOT") input.label.clear();
  input.source = text_member(object, "source");
  static_cast<void>(needed(object, "tag"));
  input.tag = text_member(object, "tag");
  input.time = object.contains("time") ? event_time_of(object["time"]) : EventTime{default_time, 0};
  input.record = to_msgpack(record_member(object));
  return input;
}

CaseEvent expected_of(const Json& object) {
  CaseEvent event;
  static_cast<void>(needed(object, "to"));
  event.to = text_member(object, "to");
  event.tag = text_member(object, "tag");
  if (object.contains("time")) event.time = time_text(event_time_of(object["time"]));
  event.record = record_member(object);
  return event;
}

/// What each line of a file is, but for empty lines and comments.
template <class T>
std::vector<T> read_lines(const std::filesystem::path& path, T (*read)(const Json&)) {
  std::vector<T> out;
  std::istringstream lines(read_text(path).value_or(""));
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    try {
      const Json object = Json::parse(line);
      if (!object.is_object()) throw std::invalid_argument("expected an object");
      out.push_back(read(object));
    } catch (const std::exception& error) {
      throw std::invalid_argument(cat(path.filename().string(), ":", number, ": ", std::string_view(error.what())));
    }
  }
  return out;
}

}  // namespace

std::string CaseEvent::line() const {
  Json object{{"to", to}, {"tag", tag}};
  if (time && *time != std::to_string(default_time)) {
    object["time"] = time->find('.') == std::string::npos ? Json(std::stoll(*time)) : Json(*time);
  }
  object["record"] = record;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<CaseInput> read_input(const std::filesystem::path& path) { return read_lines(path, input_of); }

std::vector<CaseEvent> read_expected(const std::filesystem::path& path) { return read_lines(path, expected_of); }

CaseEvent case_event(const Rehearsal::Event& event) {
  OutBuffer text;
  const auto* begin = reinterpret_cast<const std::uint8_t*>(event.record.data());
  append_json(text, msgpack::Value(begin, begin + event.record.size()));
  return {event.to, event.tag, time_text(event.time), Json::parse(text.text(), nullptr, false)};
}

}  // namespace logboom
