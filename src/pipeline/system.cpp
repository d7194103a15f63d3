#include "pipeline/system.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

#include "pipeline/worker_sections.hpp"

namespace logboom {

namespace {

struct LogSection {
  std::string path;
  LogFormat format = LogFormat::text;
  std::string time_format = LogStyle{}.time_format;
  std::string rotate_age;
  std::optional<ByteSize> rotate_size;

  static void describe(Describe<LogSection>& d) {
    d.param("path", &LogSection::path, "The log's file; -o goes before it.");
    d.choice("format", &LogSection::format, {{"text", LogFormat::text}, {"json", LogFormat::json}},
             "How lines of the log look.");
    d.param("time_format", &LogSection::time_format, "The strftime format of a line's time.");
    d.param("rotate_age", &LogSection::rotate_age,
            "When the log's file is put aside: daily, weekly or monthly; or how many files there are.");
    d.param("rotate_size", &LogSection::rotate_size, "The size from which on the log's file is put aside.");
  }
};

struct SystemOptions {
  unsigned workers = 0;
  std::string root_dir;
  LogLevel log_level = LogLevel::info;
  std::optional<FileMode> file_permission;
  std::optional<FileMode> dir_permission;
  ByteSize dead_letters_limit_size{SystemSection{}.dead_letters_limit};
  ByteSize decompression_budget{SystemSettings{}.decompression_budget};
  ByteSize connection_memory{SystemSettings{}.connection_memory};
  std::chrono::nanoseconds ignore_repeated_log_interval{0};
  std::chrono::nanoseconds ignore_same_log_interval{0};
  bool suppress_config_dump = false;
  bool without_source = false;
  std::string process_name;
  std::optional<FileMode> umask;
  LogSection log;

  static void describe(Describe<SystemOptions>& d) {
    using O = SystemOptions;
    d.param("workers", &O::workers, "Threads that receive and route events; one per core if not given.").range(1, 256);
    d.param("root_dir", &O::root_dir, "Folder for what plugins keep between runs.");
    d.choice("log_level", &O::log_level,
             {{"trace", LogLevel::trace},
              {"debug", LogLevel::debug},
              {"info", LogLevel::info},
              {"warn", LogLevel::warn},
              {"error", LogLevel::error},
              {"fatal", LogLevel::fatal}},
             "The least level of logboom's own log that is written.");
    d.param("file_permission", &O::file_permission, "Permission bits of files that outputs make.");
    d.param("dir_permission", &O::dir_permission, "Permission bits of folders that outputs make.");
    d.param("decompression_budget", &O::decompression_budget,
            "What all compressed messages that are on their way through the inputs may become together.");
    d.param("connection_memory", &O::connection_memory,
            "What all connections together may have sent of messages that are not whole yet, with the answers that "
            "they have "
            "not read; one that would take more is reset.");
    d.param("dead_letters_limit_size", &O::dead_letters_limit_size,
            "What the dead letters in root_dir may take up together; what would be more is dropped.");
    d.param("ignore_repeated_log_interval", &O::ignore_repeated_log_interval,
            "A line of the log that is the same as the one before it is left out for so long.");
    d.param("ignore_same_log_interval", &O::ignore_same_log_interval,
            "A line of the log that has been written before is left out for so long.");
    d.param("suppress_config_dump", &O::suppress_config_dump, "The configuration is not logged at start.");
    d.param("without_source", &O::without_source, "Runs without the sources: what is buffered is written.");
    d.param("process_name", &O::process_name, "What ps shows as the process's name.");
    d.param("umask", &O::umask, "The process's umask.");
    d.section("log", &O::log, "logboom's own log.");
  }
};

struct Ignored {
  std::string_view name;
  std::string_view reason;      // empty: logboom does what it asks for anyway
  bool is_always_true = false;  // said only of a value that is false
};

// Fluentd's parameters that change nothing here: said once each, so that nobody relies on them.
constexpr std::array<Ignored, 11> ignored_parameters{{
    {"suppress_repeated_stacktrace", "errors are logged without stack traces", true},
    {"strict_config_value", "a wrong value is always an error", true},
    {"enable_input_metrics", "events of inputs are always counted", true},
    {"enable_size_metrics", "bytes are always counted", true},
    {"config_include_dir", ""},
    {"emit_error_log_interval", "lines about events that fail are limited anyway"},
    {"with_source_only", "sources and outputs run as always"},
    {"rpc_endpoint", "there is no RPC; signals do the same: TERM stops, USR1 flushes"},
    {"enable_get_dump", "there is no RPC; -v logs the configuration at start"},
    {"disable_shared_socket", "workers are threads of one process"},
    {"enable_msgpack_time_support", "times within records are kept as they come"},
}};

constexpr std::array<Ignored, 4> ignored_sections{{
    {"metrics", "the counters are logboom's own; SIGCONT prints them"},
    {"counter_server", "there is none"},
    {"counter_client", "there is none"},
    {"source_only_buffer", "sources and outputs run as always"},
}};

/// `value`: of a parameter.
template <class List>
bool is_ignored(const List& list, std::string_view name, const SourcePos& pos, const WarnFn& warn,
                const Attribute* value = nullptr) {
  for (const Ignored& entry : list) {
    if (entry.name != name) continue;
    const bool is_true = entry.is_always_true && (value->is_nil || value->is_default || config_value::boolean(*value));
    if (!entry.reason.empty() && !is_true)
      warn(pos, cat("'", name, "' in <system> has no effect in logboom: ", entry.reason));
    return true;
  }
  return false;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

/// The place of a parameter of `<log>`, for what is wrong with it.
SourcePos log_parameter(const Element& root, std::string_view name) {
  SourcePos pos = root.pos;
  for (const Element* section : root.sections("system")) {
    for (const Element* log : section->sections("log")) {
      if (const Attribute* attribute = log->find(name)) pos = attribute->value_pos;
    }
  }
  return pos;
}

void set_log(const Element& root, const SystemOptions& options, SystemSection& result) {
  result.log_path = options.log.path;
  result.log_style = {options.log.format, options.log.time_format, options.ignore_repeated_log_interval,
                      options.ignore_same_log_interval};
  const auto checked = [&](std::string_view name, const auto& call) {
    try {
      call();
    } catch (const std::invalid_argument& error) {
      throw ConfigError(log_parameter(root, name), cat(name, ": ", std::string_view(error.what())));
    }
  };
  checked("time_format", [&] { check_style(result.log_style); });
  checked("rotate_age", [&] {
    const auto& size = options.log.rotate_size;
    result.log_rotation = log_rotation(options.log.rotate_age, size ? std::optional(size->bytes) : std::nullopt);
  });
}

}  // namespace

SystemSection read_system(const Element& root, const WarnFn& warn) {
  SystemOptions options;
  bool level_given = false;
  for (const Element* section : root.sections("system")) {
    Element known = *section;
    std::erase_if(known.attributes, [&](const Attribute& attribute) {
      return is_ignored(ignored_parameters, attribute.key, attribute.key_pos, warn, &attribute);
    });
    std::erase_if(known.children,
                  [&](const Element& child) { return is_ignored(ignored_sections, child.name, child.pos, warn); });
    schema_of<SystemOptions>().apply(known, &options, warn);
    level_given = level_given || known.find("log_level") != nullptr;
  }
  check_worker_sections(root, std::max(1U, options.workers), warn);
  SystemSection result;
  result.settings.workers = options.workers != 0 ? options.workers : std::max(1U, std::thread::hardware_concurrency());
  result.settings.root_dir = options.root_dir;
  result.settings.file_permission = options.file_permission;
  result.settings.dir_permission = options.dir_permission;
  result.settings.decompression_budget = options.decompression_budget.bytes;
  result.settings.connection_memory = options.connection_memory.bytes;
  result.settings.hostname = host_name();
  if (level_given) result.log_level = options.log_level;
  set_log(root, options, result);
  result.dead_letters_limit = options.dead_letters_limit_size.bytes;
  result.suppress_config_dump = options.suppress_config_dump;
  result.without_source = options.without_source;
  result.process_name = options.process_name;
  result.umask = options.umask;
  return result;
}

}  // namespace logboom
