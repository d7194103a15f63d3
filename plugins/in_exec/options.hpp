#pragma once

#include <optional>
#include <string>

#include <logboom/extract.hpp>
#include <logboom/params.hpp>

namespace logboom::in_exec {

enum class ConnectMode : std::uint8_t { read, read_with_stderr };

struct Options {
  std::string command;
  std::string tag;
  std::optional<std::chrono::nanoseconds> run_interval;
  ConnectMode connect_mode = ConnectMode::read;
  ByteSize read_block_size{10240};
  bool emit_unmatched_lines = false;
  PluginSection parse{"tsv", nullptr};
  std::optional<ExtractOptions> extract;

  static void describe(Describe<Options>& d) {
    d.param("command", &Options::command, "What /bin/sh runs.").required();
    d.param("tag", &Options::tag, "The tag of the events; may be absent where <extract> has a tag_key.");
    d.param("run_interval", &Options::run_interval,
            "Run it this often, the first time after one interval, never twice at once. Without this: once, at the "
            "start.");
    d.choice("connect_mode", &Options::connect_mode,
             {{"read", ConnectMode::read}, {"read_with_stderr", ConnectMode::read_with_stderr}},
             "Whether what it writes to stderr is read too; otherwise that goes to the log.");
    d.param("read_block_size", &Options::read_block_size, "Known and without effect.");
    d.param("emit_unmatched_lines", &Options::emit_unmatched_lines,
            "A line that does not match becomes an event with the field unmatched_line; otherwise it is counted as "
            "dropped.");
    d.plugin("parse", &Options::parse, PluginKind::parser, "What its output is.");
    d.section("extract", &Options::extract, extract_doc);
  }
};

}  // namespace logboom::in_exec
