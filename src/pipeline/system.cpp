#include "pipeline/system.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace logboom {

namespace {

struct SystemOptions {
  unsigned workers = 0;
  std::string root_dir;
  LogLevel log_level = LogLevel::info;
  std::optional<FileMode> file_permission;
  std::optional<FileMode> dir_permission;
  ByteSize decompression_budget{SystemSettings{}.decompression_budget};

  static void describe(Describe<SystemOptions>& d) {
    d.param("workers", &SystemOptions::workers, "Threads that receive and route events; one per core if not given.")
        .range(1, 256);
    d.param("root_dir", &SystemOptions::root_dir, "Folder for what plugins keep between runs.");
    d.choice("log_level", &SystemOptions::log_level,
             {{"trace", LogLevel::trace},
              {"debug", LogLevel::debug},
              {"info", LogLevel::info},
              {"warn", LogLevel::warn},
              {"error", LogLevel::error},
              {"fatal", LogLevel::fatal}},
             "The least level of logboom's own log that is written.");
    d.param("file_permission", &SystemOptions::file_permission, "Permission bits of files that outputs make.");
    d.param("dir_permission", &SystemOptions::dir_permission, "Permission bits of folders that outputs make.");
    d.param("decompression_budget", &SystemOptions::decompression_budget,
            "What all compressed messages that are on their way through the inputs may become together.");
  }
};

// Fluentd's parameters that change nothing here: said once each, so that nobody relies on them.
constexpr std::array<std::string_view, 17> without_effect{"suppress_repeated_stacktrace",
                                                          "ignore_repeated_log_interval",
                                                          "ignore_same_log_interval",
                                                          "emit_error_log_interval",
                                                          "suppress_config_dump",
                                                          "without_source",
                                                          "with_source_only",
                                                          "rpc_endpoint",
                                                          "enable_get_dump",
                                                          "process_name",
                                                          "strict_config_value",
                                                          "disable_shared_socket",
                                                          "enable_input_metrics",
                                                          "enable_size_metrics",
                                                          "umask",
                                                          "enable_msgpack_time_support",
                                                          "config_include_dir"};

bool has_no_effect(std::string_view name) {
  for (const std::string_view word : without_effect) {
    if (name == word) return true;
  }
  return false;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

}  // namespace

SystemSection read_system(const Element& root, const WarnFn& warn) {
  SystemOptions options;
  bool level_given = false;
  for (const Element* section : root.sections("system")) {
    Element known = *section;
    std::erase_if(known.attributes, [&](const Attribute& attribute) {
      if (!has_no_effect(attribute.key)) return false;
      warn(attribute.key_pos, cat("<system> parameter '", attribute.key, "' has no effect in logboom"));
      return true;
    });
    std::erase_if(known.children, [&](const Element& child) {
      if (child.name != "log") return false;
      warn(child.pos, "<log> in <system> has no effect in logboom: its own log goes to stderr, or to the file of -o");
      return true;
    });
    schema_of<SystemOptions>().apply(known, &options, warn);
    level_given = level_given || known.find("log_level") != nullptr;
  }
  SystemSection result;
  result.settings.workers = options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
  result.settings.root_dir = options.root_dir;
  result.settings.file_permission = options.file_permission;
  result.settings.dir_permission = options.dir_permission;
  result.settings.decompression_budget = options.decompression_budget.bytes;
  result.settings.hostname = host_name();
  if (level_given) result.log_level = options.log_level;
  return result;
}

}  // namespace logboom
