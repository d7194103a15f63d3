#include "pipeline/lint.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <logboom/log.hpp>

#include "pipeline/lint_model.hpp"
#include "route/cover.hpp"

namespace logboom {

namespace lint_detail {

namespace {

std::string where(const Element& element) { return cat(title(element), " at ", element.pos.to_string()); }

/// Which of the matches above take all tags of a rule: one where one is enough. Empty: not all are taken.
std::vector<const Rule*> takers(const Rule& rule, const std::vector<const Rule*>& above) {
  for (const Rule* one : above) {
    if (is_covered(rule.patterns, {&one->patterns})) return {one};
  }
  std::vector<const PatternList*> lists;
  for (const Rule* one : above) lists.push_back(&one->patterns);
  return above.size() > 1 && is_covered(rule.patterns, lists) ? above : std::vector<const Rule*>{};
}

std::string names_of(const std::vector<const Rule*>& rules) {
  if (rules.size() == 1) {
    const bool all = rules.front()->patterns.matches_everything();
    return where(*rules.front()->element) + (all ? " takes every tag" : " takes all its tags");
  }
  return cat("the ", rules.size(), " <match> above it, up to ", where(*rules.back()->element),
             ", take all its tags together");
}

Problem unreachable(const Rule& rule, const std::vector<const Rule*>& by) {
  const Element& element = *rule.element;
  if (rule.is_match) {
    return {Severity::warning, element.pos, cat(title(element), " is never reached: ", names_of(by)),
            "move it above, or remove it", "unreachable-match"};
  }
  return {Severity::warning, element.pos, cat(title(element), " has no effect: ", names_of(by)),
          "move the filter above that <match>: a filter sees only what no <match> before it took",
          "filter-without-effect"};
}

/// Texts of parameters anywhere, so that a name in one of them counts as used.
bool is_mentioned(const Element& element, const std::string& name) {
  for (const Attribute& attribute : element.attributes) {
    if (attribute.value.find(name) != std::string::npos) return true;
  }
  return std::any_of(element.children.begin(), element.children.end(),
                     [&](const Element& child) { return is_mentioned(child, name); });
}

void visit_outputs(const Element& element, const auto& visit) {
  for (const Element& child : element.children) {
    if (child.name == "match" || child.name == "store") visit(child);
    visit_outputs(child, visit);
  }
}

}  // namespace

void check_rules(const Model& model, std::vector<Problem>& problems) {
  std::map<const Element*, std::vector<Problem>> found;
  std::set<const Element*> reached;  // by the events of some worker
  for (const auto& [name, label] : model.labels) {
    std::vector<const Rule*> matches;
    for (const Rule& rule : label.rules) {
      if (const auto by = takers(rule, matches); !by.empty()) {
        found[rule.element].push_back(unreachable(rule, by));
        continue;
      }
      reached.insert(rule.element);
      if (rule.is_match) matches.push_back(&rule);
    }
  }
  for (auto& [element, all] : found) {
    if (!reached.contains(element)) problems.push_back(std::move(all.front()));
  }
}

void check_labels(const Model& model, std::vector<Problem>& problems) {
  for (const auto& [name, label] : model.labels) {
    if (label.element == nullptr) continue;
    const SourcePos& pos = label.element->pos;
    if (name != "@ERROR" && name != "@FLUENT_LOG" && !is_mentioned(model.root, name)) {
      problems.push_back({Severity::warning, pos, cat("<label ", name, "> is never used: nothing sends events to it"),
                          cat("add `@label ", name, "` to a source or an output, or remove it"), "unused-label"});
    }
    const bool has_match =
        std::any_of(label.rules.begin(), label.rules.end(), [](const Rule& r) { return r.is_match; });
    if (!has_match && !label.has_broken_pattern) {
      problems.push_back({Severity::warning, pos,
                          cat("<label ", name,
                              "> has no <match>: events that come here are counted as unmatched, and "
                              "not kept"),
                          "add a <match **> at its end", "label-without-match"});
    }
  }
}

namespace {

bool matters(const Element* store) { return store->arg.find("ignore_error") == std::string::npos; }

/// What the store's buffer does when it is full; nothing where it has none, or where its fullness is its own affair.
std::optional<std::string> overflow_action(const Element& store, const Registry& registry) {
  const PluginInfo* info = info_of(registry, PluginKind::output, store);
  if (info == nullptr || !info->schema().leaves_section("buffer")) return std::nullopt;
  if (info->name == "null") return std::nullopt;  // it reads the section, and needs no buffer
  if (!matters(&store)) return std::nullopt;
  const auto buffers = store.sections("buffer");
  return buffers.empty() ? "" : value_of(*buffers.back(), "overflow_action").value_or("");
}

}  // namespace

/// A full buffer that holds back its senders holds back the other stores' events with them, which is as it should be
/// where it is the one that matters, and the others have `ignore_error`. Said once for all stores that don't say what
/// they do then, and for each that says it.
void check_stores(const Model& model, std::vector<Problem>& problems) {
  visit_outputs(model.root, [&](const Element& output) {
    const auto stores = output.sections("store");
    if (std::count_if(stores.begin(), stores.end(), matters) < 2) return;
    bool by_default = false;
    for (const Element* store : stores) {
      const auto action = overflow_action(*store, model.registry);
      if (action == "block") {
        problems.push_back({Severity::warning, store->sections("buffer").back()->find("overflow_action")->key_pos,
                            cat("while the buffer of this <store> is full, the other stores of ", title(output), " at ",
                                output.pos.to_string(), " get nothing either"),
                            "if they should go on, use <store ignore_error>, or overflow_action drop_oldest_chunk",
                            "blocking-store"});
      }
      by_default = by_default || action == "";
    }
    if (!by_default) return;
    problems.push_back(
        {Severity::warning, output.pos,
         cat("when the buffer of one <store> of ", title(output), " is full, the others wait for it too"),
         "if they should go on, use <store ignore_error>, or overflow_action drop_oldest_chunk", "blocking-store"});
  });
}

}  // namespace lint_detail

std::vector<Problem> lint(const Element& root, const Registry& registry) {
  std::vector<Problem> problems;
  try {
    const lint_detail::Model model(root, registry);
    lint_detail::check_rules(model, problems);
    lint_detail::check_labels(model, problems);
    lint_detail::check_sources(model, problems);
    lint_detail::check_listeners(model, problems);
    lint_detail::check_stores(model, problems);
  } catch (const ConfigError&) {
    // Said by the build of the pipeline.
  }
  sort_problems(problems);
  return problems;
}

}  // namespace logboom
