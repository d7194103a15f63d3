#include "cli/certs_report.hpp"

#include <array>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(std::time_t time, const char* format) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

Json json_of(const CertReport::File& file) {
  Json out{{"outcome", file.outcome}, {"what", file.what}, {"path", file.path}};
  if (!file.key.empty()) out["key"] = file.key;
  out["names"] = file.names;
  out["not_after"] = moment_text(file.ends);
  if (!file.serial.empty()) out["serial"] = file.serial;
  return out;
}

void print_json(const CertReport& report, std::ostream& out) {
  Json all{{"files", Json::array()}, {"paste", Json::object()}, {"notes", report.notes}};
  for (const CertReport::File& file : report.files) all["files"].push_back(json_of(file));
  for (const CertReport::Snippet& snippet : report.snippets)
    all["paste"][snippet.name] = {{"where", snippet.title}, {"text", snippet.text}};
  out << all.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

}  // namespace

std::string day_text(std::time_t time) { return text_of(time, "%Y-%m-%d"); }
std::string moment_text(std::time_t time) { return text_of(time, "%Y-%m-%dT%H:%M:%SZ"); }

void print(const CertReport& report, bool json, std::ostream& out) {
  if (json) return print_json(report, out);
  std::vector<std::vector<std::string>> rows;
  for (const CertReport::File& file : report.files) {
    std::string names;
    for (const std::string& name : file.names) names.append(names.empty() ? "" : ", ").append(name);
    rows.push_back({file.outcome, file.what, file.path, "until " + day_text(file.ends), names});
    if (!file.key.empty()) rows.push_back({"", "  its key", file.key, "", ""});
  }
  write_table(rows, 5, out);
  for (const CertReport::Snippet& snippet : report.snippets) out << "\n" << snippet.title << ":\n\n" << snippet.text;
  for (const std::string& note : report.notes) out << "\nnote: " << note << "\n";
}

}  // namespace logboom
