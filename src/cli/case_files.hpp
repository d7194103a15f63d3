#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pipeline/rehearsal.hpp"

/// The files of a case of `logboom test`; docs/testing-configurations.md describes them.
namespace logboom {

/// A line of input.jsonl.
struct CaseInput {
  std::string label;
  std::string source;
  std::string tag;
  EventTime time;
  std::string record;  // msgpack
};

/// A line of expected.jsonl, or what came instead of it.
struct CaseEvent {
  std::string to;
  std::string tag;
  std::optional<std::string> time;  // as text; none: any
  nlohmann::ordered_json record;

  /// As a line of expected.jsonl.
  std::string line() const;
};

std::optional<std::string> read_text(const std::filesystem::path& path);
/// Throw std::invalid_argument with file and line for what is not right.
std::vector<CaseInput> read_input(const std::filesystem::path& path);
std::vector<CaseEvent> read_expected(const std::filesystem::path& path);
CaseEvent case_event(const Rehearsal::Event& event);

}  // namespace logboom
