#include "cli/load_config.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>
#include <utility>

namespace logboom {

namespace {

namespace fs = std::filesystem;

constexpr const char* sample =
    R"(# What comes in on port 24224 from Docker's fluentd log driver, Fluentd and Fluent Bit goes to stdout.
<source>
  @type forward
</source>

# The same, and a file a container and a day:
# <match docker.**>
#   @type copy
#   <store>
#     @type stdout
#   </store>
#   <store>
#     @type file
#     path /var/log/logboom/${tag}.%Y%m%d
#     append true
#     <format>
#       @type json
#     </format>
#     <buffer tag,time>
#       timekey 1d
#     </buffer>
#   </store>
# </match>

<match **>
  @type stdout
</match>
)";

void append(Element& root, Element more) {
  std::move(more.attributes.begin(), more.attributes.end(), std::back_inserter(root.attributes));
  std::move(more.children.begin(), more.children.end(), std::back_inserter(root.children));
}

/// What stands on stdin is there once; a reload wants it again.
const std::string& text_of_stdin() {
  static const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  return text;
}

Element inline_config(const std::string& given, ParseOptions parse) {
  const std::string& text = given == "-" ? text_of_stdin() : given;
  parse.type = ConfigType::v1;
  return parse_text(text, "inline", fs::current_path(), parse);
}

const Attribute* include_folder(const Element& root) {
  const Attribute* found = nullptr;
  for (const Element* system : root.sections("system")) {
    if (const Attribute* folder = system->find("config_include_dir")) found = folder;
  }
  return found;
}

void include_files(Element& root, ParseOptions parse) {
  const Attribute* const given = include_folder(root);
  const char* const variable = std::getenv("FLUENT_CONF_INCLUDE_DIR");
  std::string folder = variable != nullptr ? variable : "/etc/fluent/conf.d";
  if (given != nullptr && !given->is_default) folder = given->value;
  if (folder.empty()) return;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path extension = it->path().extension();
    if (extension == ".conf" || extension == ".yaml" || extension == ".yml") files.push_back(it->path());
  }
  if (error && given != nullptr) {
    parse.warn(given->value_pos, cat("config_include_dir: can't read '", folder, "': ", error.message()));
  }
  std::sort(files.begin(), files.end());
  parse.type = ConfigType::guess;
  for (const fs::path& file : files) append(root, parse_file(file, parse));
}

void drop_sources(Element& element) {
  std::erase_if(element.children, [](const Element& child) { return child.name == "source"; });
  for (Element& child : element.children) {
    if (child.name == "worker") drop_sources(child);
  }
}

}  // namespace

Element load_elements(const CliOptions& options, ParseOptions parse) {
  parse.type = options.config_type;
  Element root = parse_file(options.config_path, parse);
  if (options.inline_config) append(root, inline_config(*options.inline_config, parse));
  include_files(root, parse);
  if (options.workers) {
    const std::string text = std::to_string(*options.workers);
    const SourcePos pos{std::make_shared<const std::string>("--workers"), 0, 0};
    root.children.push_back({"system", "", pos, {{"workers", text, false, false, pos, pos}}, {}});
  }
  return root;
}

LoadedConfig load_config(const CliOptions& options, ParseOptions parse) {
  LoadedConfig loaded;
  loaded.root = load_elements(options, parse);
  loaded.system = read_system(loaded.root, parse.warn);
  SystemSection& system = loaded.system;
  if (!options.log_path.empty()) system.log_path = options.log_path;
  if (options.log_rotation) system.log_rotation = *options.log_rotation;
  if (options.umask) system.umask = FileMode{*options.umask};
  system.suppress_config_dump |= options.suppress_config_dump;
  system.without_source |= options.without_source;
  if (system.without_source) drop_sources(loaded.root);
  return loaded;
}

std::string write_sample_config(const std::string& folder) {
  const fs::path path = fs::path(folder) / "fluent.conf";
  if (fs::exists(path)) return path.string() + " is there already\n";
  fs::create_directories(folder);
  errno = 0;
  std::ofstream file(path);
  file << sample << std::flush;
  if (!file) throw std::system_error(errno, std::generic_category(), "can't write " + path.string());
  return "wrote " + path.string() + "\n";
}

}  // namespace logboom
