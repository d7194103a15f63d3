#include <logboom/output.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/value_text.hpp>

#include <stdexcept>

#include "rules.hpp"

namespace logboom::plugins {
namespace {

using rewrite::Rule;

/// Tags are kept for as long as their events are, and many may be; a text of any length must not become one.
constexpr std::size_t longest_tag = 4096;

enum class EmitMode : std::uint8_t { batch, record };

class RewriteTagFilter final : public EmitOutput {
 public:
  struct Options {
    std::vector<rewrite::RuleOptions> rules;
    bool capitalize_regex_backreference = false;
    std::string remove_tag_prefix;
    std::string remove_tag_suffix;
    config_value::Regexp remove_tag_regexp;
    std::string hostname_command = "hostname";
    EmitMode emit_mode = EmitMode::batch;

    static void describe(Describe<Options>& d) {
      d.section("rule", &Options::rules, "Which events get which tag; the first rule that fits counts.");
      d.param("capitalize_regex_backreference", &Options::capitalize_regex_backreference,
              "$1 and so on with a first letter in upper case, and the others in lower case.");
      d.param("remove_tag_prefix", &Options::remove_tag_prefix,
              "What ${tag} and ${tag_parts[n]} leave out at the tag's beginning, with the dot behind it.");
      d.param("remove_tag_suffix", &Options::remove_tag_suffix, "The same at the tag's end, with the dot before it.");
      d.param("remove_tag_regexp", &Options::remove_tag_regexp, "The same by a regular expression, once.");
      d.param("hostname_command", &Options::hostname_command,
              "Where ${hostname} comes from: hostname or hostname -s. No command is run.");
      d.choice("emit_mode", &Options::emit_mode, {{"batch", EmitMode::batch}, {"record", EmitMode::record}},
               "Known and without effect: events of one tag go on together.");
      rewrite::leave_old_rules(d);
    }
  };

  RewriteTagFilter(Options options, BuildContext& context)
      : options_(std::move(options)),
        log_(context.log()),
        id_(context.id()),
        rules_(rewrite::read_rules(options_.rules, hostname(options_, context), context)),
        scratch_(context) {
    if (options_.emit_mode == EmitMode::record) {
      context.warn(context.element().find("emit_mode")->key_pos,
                   "emit_mode has no effect: events of one tag go on together, each with its own tag");
    }
    const Attribute* regexp = context.element().find("remove_tag_regexp");
    if (options_.remove_tag_regexp.source.empty()) return;
    if (!options_.remove_tag_prefix.empty()) {
      throw ConfigError(regexp->key_pos, "remove_tag_prefix and remove_tag_regexp exclude each other");
    }
    try {
      const config_value::Regexp& given = options_.remove_tag_regexp;
      removed_ = Regexp::compile(given.source, {given.ignore_case, given.multiline, given.extended});
    } catch (const std::invalid_argument& error) {
      throw ConfigError(regexp->value_pos, error.what());
    }
  }

  void process(const EventBatch& batch, EmitSink& sink) override {
    Scratch& scratch = scratch_.at(sink.worker());
    const std::string_view tag = batch.tag().text();
    const std::optional<std::string> shortened = without_removed(tag, scratch.region);
    if (!shortened) {
      return batch.for_each([&](const Event& event) {
        sink.fail(event, "rewrite_tag_filter: the search for remove_tag_regexp took too long and was given up");
      });
    }
    const rewrite::TagValues values(*shortened);
    batch.for_each([&](const Event& event) { rewrite_event(event, tag, values, scratch, sink); });
  }

 private:
  struct Scratch {
    MatchRegion region;
    OutBuffer text;
    std::string tag;
  };

  static std::string hostname(const Options& options, BuildContext& context) {
    const std::string& name = context.system().hostname;
    if (options.hostname_command == "hostname") return name;
    if (options.hostname_command == "hostname -s") return name.substr(0, name.find('.'));
    context.warn(context.element().find("hostname_command")->value_pos,
                 cat("hostname_command: no command is run; ${hostname} is \"", name, "\""));
    return name;
  }

  /// None where the search is given up.
  std::optional<std::string> without_removed(std::string_view tag, MatchRegion& region) const {
    const std::string_view prefix = options_.remove_tag_prefix;
    if (!prefix.empty() && tag.starts_with(prefix)) {
      tag.remove_prefix(prefix.size());
      if (tag.starts_with('.')) tag.remove_prefix(1);
    }
    const std::string_view suffix = options_.remove_tag_suffix;
    if (!suffix.empty() && tag.ends_with(suffix)) {
      tag.remove_suffix(suffix.size());
      if (tag.ends_with('.')) tag.remove_suffix(1);
    }
    std::string text(tag);
    if (!removed_) return text;
    const SearchResult result = removed_->search(tag, region);
    if (result == SearchResult::limit_exceeded) return std::nullopt;
    if (result == SearchResult::match) text.erase(*region.begin(0), region.group(0)->size());
    return text;
  }

  static SearchResult search(const Rule& rule, std::string_view text, MatchRegion& region) {
    return rule.tag.uses_groups() ? rule.pattern.regexp().search(text, region) : rule.pattern.search(text, region);
  }

  void rewrite_event(const Event& event, std::string_view tag, const rewrite::TagValues& values, Scratch& scratch,
                     EmitSink& sink) {
    for (const Rule& rule : rules_) {
      const std::string_view text = value_text(rule.key.find(event.record), scratch.text);
      if (text.empty() && !rule.invert) continue;
      const SearchResult result = search(rule, text, scratch.region);
      if (result == SearchResult::limit_exceeded) {
        return sink.fail(event, cat("rewrite_tag_filter: the search for /", rule.pattern.regexp().pattern(),
                                    "/ took too long and was given up"));
      }
      if ((result == SearchResult::match) == rule.invert) continue;
      rule.tag.expand(values, scratch.region, options_.capitalize_regex_backreference, scratch.tag);
      return emit(event, tag, rule.label, scratch.tag, sink);
    }
    sink.drop(event);
  }

  void emit(const Event& event, std::string_view old_tag, const std::string& label, const std::string& tag,
            EmitSink& sink) {
    if (tag.size() > longest_tag) {
      return sink.fail(event, cat("rewrite_tag_filter: the new tag is longer than ", longest_tag, " bytes"));
    }
    if (!label.empty()) return sink.emit_to(label, tag, event);
    if (tag != old_tag) return sink.emit(tag, event);
    sink.drop(event);
    if (std::uint64_t more = 0; same_tag_.due(more)) {
      log_.warn(cat(id_, ": a rule gives the tag \"", tag, "\" that the event already has; it is dropped, so that it ",
                    "does not come here again (", more, " more since the last such line)"));
    }
  }

  Options options_;
  Log& log_;
  std::string id_;
  std::vector<Rule> rules_;
  std::optional<Regexp> removed_;
  PerWorker<Scratch> scratch_;
  LogLimiter same_tag_{std::chrono::seconds(60)};
};

}  // namespace

PluginInfo out_rewrite_tag_filter() {
  return describe_plugin<RewriteTagFilter>(PluginKind::output, "rewrite_tag_filter",
                                           "Sends events on under tags that their fields decide.");
}

}  // namespace logboom::plugins
