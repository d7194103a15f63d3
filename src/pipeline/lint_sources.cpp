#include <algorithm>
#include <array>
#include <utility>

#include <logboom/log.hpp>

#include "pipeline/lint_model.hpp"
#include "route/cover.hpp"

namespace logboom::lint_detail {

namespace {

/// The tags of a source, where its configuration says them: one tag, or a pattern that has all of them. in_tail puts a
/// file's path in the place of a star.
std::optional<PatternList> tags_of(const Model& model, const Element& source) {
  const PluginInfo* info = info_of(model.registry, PluginKind::input, source);
  const auto tag = value_of(source, "tag");
  if (info == nullptr || !tag || tag->empty() || !has_param(*info, "tag")) return std::nullopt;
  for (const char* key : {"add_tag_prefix", "tag_prefix", "add_prefix"}) {
    if (source.find(key) != nullptr) return std::nullopt;
  }
  if (tag->find_first_of("${}%,\\/ \t#\"'") != std::string::npos || tag->back() == '.') return std::nullopt;
  std::string pattern;
  for (const char c : *tag) pattern += c == '*' ? "**" : std::string(1, c);
  // Others may append to it, as syslog does with facility and priority.
  static constexpr std::array exact{"forward", "tcp", "udp", "tail", "exec", "sample", "dummy", "monitor_agent"};
  if (std::find(exact.begin(), exact.end(), info->name) == exact.end()) pattern += ".**";
  return PatternList::compile(pattern);
}

struct Listener {
  const Element* source;
  std::string transport;
  std::string bind;
  std::string port;
};

std::vector<std::string> transports(const Element& source, const std::string& type) {
  static constexpr std::array tcp{"http", "tcp", "monitor_agent", "prometheus"};
  if (type == "forward") return {"tcp", "udp"};
  if (type == "udp") return {"udp"};
  if (std::find(tcp.begin(), tcp.end(), type) != tcp.end()) return {"tcp"};
  if (type != "syslog") return {type};
  const auto sections = source.sections("transport");
  const std::string asked = sections.empty() ? value_of(source, "protocol_type").value_or("udp") : sections.back()->arg;
  return {asked == "tcp" || asked == "tls" ? "tcp" : "udp"};
}

void add_listeners(const Model& model, const Element& source, std::vector<Listener>& out) {
  const PluginInfo* info = info_of(model.registry, PluginKind::input, source);
  if (info == nullptr) return;
  const auto port = value_or_default(source, *info, "port");
  const auto bind = value_or_default(source, *info, "bind");
  if (!port || !bind || *port == "0") return;
  const bool only_unix = value_of(source, "unix_path") && !value_of(source, "port") && !value_of(source, "bind");
  if (only_unix) return;
  for (std::string& transport : transports(source, info->name)) {
    out.push_back({&source, std::move(transport), *bind, *port});
  }
}

bool clash(const Listener& a, const Listener& b) {
  return a.transport == b.transport && a.port == b.port &&
         (a.bind == b.bind || (a.bind == "0.0.0.0" && b.bind.find(':') == std::string::npos) ||
          (b.bind == "0.0.0.0" && a.bind.find(':') == std::string::npos));
}

}  // namespace

void check_sources(const Model& model, std::vector<Problem>& problems) {
  for (const auto& [source, label] : model.sources) {
    const auto rules = model.labels.find(label);
    const std::optional<PatternList> tags = tags_of(model, *source);
    if (!tags || rules == model.labels.end() || rules->second.has_broken_pattern) continue;
    const bool taken = std::any_of(rules->second.rules.begin(), rules->second.rules.end(), [&](const Rule& rule) {
      return rule.is_match && !are_disjoint(rule.patterns, *tags);
    });
    if (taken) continue;
    const Attribute& tag = *source->find("tag");
    problems.push_back({Severity::warning, tag.value_pos,
                        cat("no <match> ", label.starts_with('@') ? cat("in <label ", label, ">") : "at the top level",
                            " takes the tag '", tag.value, "' of this source"),
                        cat("add a <match ", tag.value, ">"), "unmatched-source"});
  }
}

void check_listeners(const Model& model, std::vector<Problem>& problems) {
  std::vector<Listener> listeners;
  for (const auto& [source, label] : model.sources) {
    const std::size_t before = listeners.size();
    add_listeners(model, *source, listeners);
    for (std::size_t i = before; i < listeners.size(); ++i) {
      const Listener& mine = listeners[i];
      const auto first = std::find_if(listeners.begin(), listeners.begin() + static_cast<std::ptrdiff_t>(before),
                                      [&](const Listener& other) { return clash(other, mine); });
      if (first == listeners.begin() + static_cast<std::ptrdiff_t>(before)) continue;
      const Attribute* port = source->find("port");
      problems.push_back({Severity::warning, port != nullptr ? port->value_pos : source->pos,
                          cat("port ", mine.port, " is taken by the source at ", first->source->pos.to_string()),
                          "give one of them another port", "duplicate-listener"});
      break;
    }
  }
}

}  // namespace logboom::lint_detail
