#include "config_test_support.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace logboom::config_test {

Fixture::Fixture() {
  options.env = [this](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  options.hostname = "host-1";
  options.worker_id = 3;
  options.warn = [this](const SourcePos& pos, const std::string& message) {
    warnings.push_back(pos.to_string() + ": " + message);
  };
}

Element Fixture::parse(std::string_view text) { return parse_text(text, "t.conf", {}, options); }

Attribute Fixture::value(std::string_view value_text) {
  const Element root = parse("k " + std::string(value_text));
  if (root.attributes.size() != 1) throw std::logic_error("not one attribute");
  return root.attributes.front();
}

std::string Fixture::error(std::string_view text) {
  const std::string full = config_error_of([&] { parse(text); });
  return full.starts_with("t.conf:") ? full.substr(7) : full;
}

std::string config_error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "logboom-config-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryDirectory::write(const std::string& name, std::string_view text) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file;
}

std::string outline(const Element& element) {
  std::string out = element.name + "(" + element.arg + "){";
  std::string separator;
  for (const Attribute& attribute : element.attributes) {
    out += separator + attribute.key + "=";
    out += attribute.is_nil ? "<nil>" : attribute.is_default ? "<default>" : attribute.value;
    separator = ",";
  }
  for (const Element& child : element.children) {
    out += separator + outline(child);
    separator = ",";
  }
  return out + "}";
}

}  // namespace logboom::config_test
