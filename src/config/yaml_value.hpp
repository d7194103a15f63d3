#pragma once

#include "config/embedded.hpp"
#include "config/parser.hpp"
#include "config/source.hpp"

#include <cstddef>
#include <string>

namespace YAML {
class Node;
}

namespace logboom::config {

/// What the nodes of one YAML file are as values of the configuration. Reads the options at each call, and outlives
/// neither them nor the source.
class YamlValues {
 public:
  YamlValues(const Source& source, const ParseOptions& options) noexcept : source_(source), options_(options) {}

  SourcePos position(const YAML::Node& node) const;
  /// A mapping's key. Throws ConfigError when it is no text.
  std::string name(const YAML::Node& key) const;
  /// A scalar as its text, where YAML 1.1's words for true and false are "true" and "false" and null is nil; a list as
  /// JSON; `!fluent/json` as JSON, `!fluent/s` as double-quoted text.
  Literal value(const YAML::Node& node);
  /// To be called for each node that is read: aliases must not make a short file endless.
  void count(const YAML::Node& node);

 private:
  std::string json(const YAML::Node& node, unsigned depth);
  std::string json_members(const YAML::Node& map, unsigned depth);
  Literal evaluated(const YAML::Node& node) const;

  const Source& source_;
  const ParseOptions& options_;
  std::size_t nodes_ = 0;
};

}  // namespace logboom::config
