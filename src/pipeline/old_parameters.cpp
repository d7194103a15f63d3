#include "pipeline/old_parameters.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <logboom/log.hpp>

namespace logboom {

namespace {

struct Rename {
  std::string_view old;
  std::string_view now;
};

constexpr std::array<Rename, 3> reserved{{{"type", "@type"}, {"id", "@id"}, {"log_level", "@log_level"}}};

constexpr std::array<Rename, 15> buffer_names{{{"buffer_type", "@type"},
                                               {"buffer_path", "path"},
                                               {"buffer_chunk_limit", "chunk_limit_size"},
                                               {"buffer_queue_limit", "queue_limit_length"},
                                               {"buffer_queue_full_action", "overflow_action"},
                                               {"flush_interval", "flush_interval"},
                                               {"try_flush_interval", "flush_thread_interval"},
                                               {"queued_chunk_flush_interval", "flush_thread_burst_interval"},
                                               {"num_threads", "flush_thread_count"},
                                               {"flush_at_shutdown", "flush_at_shutdown"},
                                               {"retry_wait", "retry_wait"},
                                               {"retry_limit", "retry_max_times"},
                                               {"disable_retry_limit", "retry_forever"},
                                               {"max_retry_wait", "retry_max_interval"},
                                               {"time_slice_wait", "timekey_wait"}}};

// Outputs that were cut by time in 0.12; those that say nothing of it now were cut by day.
constexpr std::array<std::string_view, 2> cut_by_time{"exec", "file"};

// Names that a plugin may have for itself and that `<buffer>`, `<inject>` and `<format>` get besides.
constexpr std::array<std::string_view, 4> shared_names{"localtime", "utc", "timezone", "time_slice_format"};

bool is_shared(std::string_view name) {
  return std::find(shared_names.begin(), shared_names.end(), name) != shared_names.end();
}

bool declares(const Schema& schema, std::string_view name) {
  return std::any_of(schema.params().begin(), schema.params().end(), [&](const Schema::Param& param) {
    const auto& aliases = param.info.aliases;
    return param.info.name == name || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
  });
}

const SectionInfo* section_of(const Schema& schema, std::string_view name) {
  for (const Schema::Section& section : schema.sections()) {
    if (section.info.name == name) return &section.info;
  }
  return nullptr;
}

bool is_true(const Attribute* attribute) {
  return attribute != nullptr && !attribute->is_nil && !attribute->is_default && config_value::boolean(*attribute);
}

/// One plugin's element, on the way from the old form to the new one.
class Rewrite {
 public:
  Rewrite(Element& element, const Registry& registry, const PluginInfo& plugin, const Schema& schema)
      : element_(element),
        registry_(registry),
        schema_(schema),
        is_cut_by_time_(plugin.kind == PluginKind::output &&
                        std::find(cut_by_time.begin(), cut_by_time.end(), plugin.name) != cut_by_time.end()) {}

  void run() {
    to_buffer();
    move_slow_flush();
    to_inject();
    to_plugin_section("parse", PluginKind::parser);
    to_plugin_section("format", PluginKind::formatter);
    to_extract();
    remove_used();
  }

  /// "'buffer_type' as '@type' in <buffer>", and so on.
  const std::vector<std::string>& renamed() const { return renamed_; }
  /// Where an old parameter has no effect since its section is there, and what to do.
  const std::vector<std::pair<SourcePos, std::string>>& late() const { return late_; }

 private:
  void to_buffer();
  void set_time_slices(Element& buffer);
  void move_slow_flush();
  void keep_by_time(Element& buffer);
  void to_inject();
  void to_extract();
  void to_plugin_section(const std::string& name, PluginKind kind);
  std::optional<Schema> inner_schema(const SectionInfo& section, PluginKind kind) const;
  void set_parser(Element& section);
  void set_types(Element& section);
  void remove_used();

  /// The old parameter, if the configuration gives it and the plugin has none of that name itself.
  const Attribute* old(std::string_view name) const {
    if (declares(schema_, name) && !is_shared(name)) return nullptr;
    return element_.find(name);
  }
  bool lacks(const std::string& section) const { return element_.sections(section).empty(); }

  /// Puts an old parameter into a section under its new name.
  void put(Element& section, const Attribute& from, std::string_view name, std::optional<std::string> value = {}) {
    Attribute attribute = from;
    attribute.key = name;
    if (value) attribute.value = *std::move(value);
    if (section.attributes.empty()) section.pos = from.key_pos;
    section.attributes.push_back(std::move(attribute));
    used_.push_back(from.key);
    renamed_.push_back(cat("'", from.key, "' as '", name, "' in <", section.name, ">"));
  }
  void put_if_given(Element& section, std::string_view name, std::string_view now) {
    if (const Attribute* attribute = old(name)) put(section, *attribute, now);
  }
  void leave(const Attribute& attribute, std::string_view section, std::string_view now) {
    used_.push_back(attribute.key);
    late_.emplace_back(attribute.key_pos, cat("'", attribute.key, "' has no effect beside <", section,
                                              ">: write it there as '", now, "'"));
  }
  void add(Element section) { element_.children.push_back(std::move(section)); }

  Element& element_;
  const Registry& registry_;
  const Schema& schema_;
  const bool is_cut_by_time_;
  std::vector<std::string> used_;
  std::vector<std::string> renamed_;
  std::vector<std::pair<SourcePos, std::string>> late_;
};

void Rewrite::to_buffer() {
  if (!schema_.leaves_section("buffer") && section_of(schema_, "buffer") == nullptr) return;
  Element buffer{"buffer", "", element_.pos, {}, {}};
  const bool missing = lacks("buffer");
  for (const Rename& name : buffer_names) {
    const Attribute* attribute = old(name.old);
    if (attribute == nullptr) continue;
    if (!missing) {
      leave(*attribute, "buffer", name.now);
    } else if (name.old == "buffer_queue_full_action" && attribute->value == "exception") {
      put(buffer, *attribute, name.now, "throw_exception");
    } else {
      put(buffer, *attribute, name.now);
    }
  }
  if (!missing) return;
  const bool is_wanted = !declares(schema_, "time_slice_format") || !buffer.attributes.empty();
  if (is_wanted && old("time_slice_format") != nullptr) set_time_slices(buffer);
  if (buffer.attributes.empty()) return;
  if (is_cut_by_time_) keep_by_time(buffer);
  add(std::move(buffer));
}

// An interval that stands at the top counts also where chunks are cut by time, as in Fluentd.
void Rewrite::keep_by_time(Element& buffer) {
  const auto say = [&](std::string_view name, std::string_view value) {
    Attribute attribute = buffer.attributes.front();
    attribute.key = name;
    attribute.value = value;
    buffer.attributes.push_back(std::move(attribute));
    renamed_.push_back(cat("'", name, " ", value, "' in <buffer time>"));
  };
  if (buffer.find("flush_interval") != nullptr) say("flush_mode", "interval");
  if (!buffer.arg.empty() || declares(schema_, "time_slice_format")) return;
  buffer.arg = "time";
  say("timekey", "86400");
}

// Not an old one: Fluentd has it in the output itself, beside <buffer>.
void Rewrite::move_slow_flush() {
  constexpr std::string_view name = "slow_flush_log_threshold";
  if (!schema_.leaves_section("buffer") && section_of(schema_, "buffer") == nullptr) return;
  const Attribute* attribute = old(name);
  if (attribute == nullptr) return;
  if (lacks("buffer")) add(Element{"buffer", "", element_.pos, {}, {}});
  for (Element& child : element_.children) {
    if (child.name == "buffer" && child.find(name) == nullptr) child.attributes.push_back(*attribute);
  }
  used_.push_back(attribute->key);
}

// In 0.12 the finest conversion of the format was the length of a slice.
void Rewrite::set_time_slices(Element& buffer) {
  const Attribute& format = *element_.find("time_slice_format");
  constexpr std::array<Rename, 4> units{{{"%S", "1"}, {"%M", "60"}, {"%H", "3600"}, {"%d", "86400"}}};
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Rename& candidate) {
    return format.value.find(candidate.old) != std::string::npos;
  });
  if (unit == units.end()) {
    throw ConfigError(format.value_pos,
                      "time_slice_format: expected at least the day, %d; write <buffer time> with a timekey instead");
  }
  buffer.arg = "time";
  put(buffer, format, "timekey", std::string(unit->now));
  if (declares(schema_, "timezone") || declares(schema_, "utc")) return;
  put_if_given(buffer, "timezone", "timekey_zone");
  put_if_given(buffer, "utc", "timekey_use_utc");
  if (const Attribute* local = old("localtime"); local != nullptr && old("utc") == nullptr) {
    put(buffer, *local, "timekey_use_utc", is_true(local) ? "false" : "true");
  }
}

void Rewrite::to_inject() {
  const SectionInfo* info = section_of(schema_, "inject");
  if (info == nullptr) return;
  const Attribute* const with_time = old("include_time_key");
  const Attribute* const with_tag = old("include_tag_key");
  const Attribute* const time_key = old("time_key");
  const Attribute* const tag_key = old("tag_key");
  if (!lacks("inject")) {
    for (const Attribute* late : {with_time, with_tag, time_key, tag_key}) {
      if (late != nullptr)
        leave(*late, "inject", late == with_time ? "time_key" : late == with_tag ? "tag_key" : late->key);
    }
    return;
  }
  for (const Attribute* word : {with_time, with_tag, time_key, tag_key}) {
    if (word != nullptr) used_.push_back(word->key);
  }
  Element inject{"inject", "", element_.pos, {}, {}};
  if (tag_key != nullptr) {
    if (with_tag == nullptr || is_true(with_tag)) put(inject, *tag_key, "tag_key");
  } else if (is_true(with_tag)) {
    put(inject, *with_tag, "tag_key", "tag");
  }
  const bool wants_time = is_true(with_time) || (time_key != nullptr && with_time == nullptr);
  if (wants_time) {
    time_key != nullptr ? put(inject, *time_key, "time_key") : put(inject, *with_time, "time_key", "time");
    if (is_true(with_time)) put(inject, *with_time, "time_type", "string");
    for (const std::string_view name : {"time_format", "timezone", "localtime", "utc"})
      put_if_given(inject, name, name);
  }
  if (const Attribute* epoch = old("time_as_epoch"); wants_time && is_true(epoch)) {
    put(inject, *epoch, "time_type", "unixtime");
  }
  if (!inject.attributes.empty()) add(std::move(inject));
}

void Rewrite::to_extract() {
  const SectionInfo* info = section_of(schema_, "extract");
  const Attribute* const tag_key = old("tag_key");
  if (info == nullptr || tag_key == nullptr) return;
  if (!lacks("extract")) return leave(*tag_key, "extract", "tag_key");
  Element extract{"extract", "", element_.pos, {}, {}};
  put(extract, *tag_key, "tag_key");
  add(std::move(extract));
}

// What of the old parameters the plugin of the section declares goes there, `format` being its type.
void Rewrite::to_plugin_section(const std::string& name, PluginKind kind) {
  const SectionInfo* info = section_of(schema_, name);
  if (info == nullptr || info->plugin != kind) return;
  const Attribute* const format = old("format");
  if (!lacks(name)) {
    if (format != nullptr) leave(*format, name, "@type");
    return;
  }
  Element section{name, "", element_.pos, {}, {}};
  if (format != nullptr) kind == PluginKind::parser ? set_parser(section) : put(section, *format, "@type");
  std::optional<Schema> inner;
  if (const Attribute* type = section.find("@type")) {
    if (const PluginInfo* plugin = registry_.lookup(kind, type->value)) inner = plugin->schema();
  } else {
    inner = inner_schema(*info, kind);
  }
  if (!inner) return section.attributes.empty() ? void() : add(std::move(section));
  for (const Schema::Param& param : inner->params()) {
    const std::string& key = param.info.name;
    if (key == "types" && kind == PluginKind::parser) {
      set_types(section);
    } else if (const Attribute* attribute = old(key); attribute != nullptr && section.find(key) == nullptr) {
      if (declares(schema_, key) && format == nullptr) continue;
      put(section, *attribute, key);
    }
  }
  for (const Attribute& attribute : std::vector<Attribute>(element_.attributes)) {
    const bool is_line = kind == PluginKind::parser && attribute.key.starts_with("format") &&
                         attribute.key.size() > 6 &&
                         attribute.key.find_first_not_of("0123456789", 6) == std::string::npos;
    if (is_line && old(attribute.key) != nullptr && section.find(attribute.key) == nullptr) {
      put(section, attribute, attribute.key);
    }
  }
  if (!section.attributes.empty()) add(std::move(section));
}

std::optional<Schema> Rewrite::inner_schema(const SectionInfo& section, PluginKind kind) const {
  const PluginInfo* plugin = registry_.lookup(kind, section.default_plugin);
  return plugin != nullptr ? std::optional(plugin->schema()) : std::nullopt;
}

void Rewrite::set_parser(Element& section) {
  const Attribute& format = *element_.find("format");
  const bool is_regexp = format.value.starts_with('/') && format.value.rfind('/') > 0;
  if (!is_regexp) return put(section, format, "@type");
  put(section, format, "@type", "regexp");
  put(section, format, "expression");
}

void Rewrite::set_types(Element& section) {
  const Attribute* const types = old("types");
  if (types == nullptr) return;
  std::string text = types->value;
  const auto replace = [&](std::string_view name, char with) {
    const Attribute* const delimiter = old(name);
    if (delimiter == nullptr || delimiter->value.size() != 1) return;
    std::replace(text.begin(), text.end(), delimiter->value.front(), with);
    used_.emplace_back(name);
  };
  replace("types_delimiter", ',');
  replace("types_label_delimiter", ':');
  put(section, *types, "types", text);
}

void Rewrite::remove_used() {
  std::erase_if(element_.attributes, [&](const Attribute& attribute) {
    return std::find(used_.begin(), used_.end(), attribute.key) != used_.end() && !declares(schema_, attribute.key);
  });
}

class Walk {
 public:
  Walk(const Registry& registry, const WarnFn& warn) : registry_(registry), warn_(warn) {}

  void rules(Element& parent) const {
    for (Element& child : parent.children) {
      if (child.name == "source") plugin(child, PluginKind::input);
      if (child.name == "match") plugin(child, PluginKind::output);
      if (child.name == "filter") plugin(child, PluginKind::filter);
      if (child.name == "label" || child.name == "worker") rules(child);
    }
  }

 private:
  void plugin(Element& element, PluginKind kind) const {
    std::vector<std::string> renamed;
    rename_reserved(element, nullptr, renamed);
    const Attribute* const type = element.find("@type");
    const PluginInfo* const info = type != nullptr ? registry_.lookup(kind, type->value) : nullptr;
    if (info != nullptr) {
      const Schema schema = info->schema();
      rename_reserved(element, &schema, renamed);
      Rewrite rewrite(element, registry_, *info, schema);
      rewrite.run();
      for (const auto& [pos, message] : rewrite.late()) warn_(pos, message);
      renamed.insert(renamed.end(), rewrite.renamed().begin(), rewrite.renamed().end());
      inner_plugins(element, schema, renamed);
    }
    if (renamed.empty()) return;
    std::string text;
    for (const std::string& one : renamed) text += (text.empty() ? "" : ", ") + one;
    warn_(element.pos, cat("parameters of Fluentd 0.12 are read in their new form; write ", text));
  }

  void inner_plugins(Element& element, const Schema& schema, std::vector<std::string>& renamed) const {
    for (Element& child : element.children) {
      const SectionInfo* info = section_of(schema, child.name);
      if (child.name == "secondary" || (info != nullptr && info->plugin == PluginKind::output)) {
        plugin(child, PluginKind::output);
      } else if (child.name == "buffer" || (info != nullptr && info->plugin)) {
        rename_reserved(child, nullptr, renamed);
      }
    }
  }

  // Without a schema `type` only, which says where the schema is to be found.
  static void rename_reserved(Element& element, const Schema* schema, std::vector<std::string>& renamed) {
    for (const Rename& name : reserved) {
      const bool due = schema == nullptr ? name.old == "type" : name.old != "type" && !declares(*schema, name.old);
      if (!due || element.find(name.now) != nullptr || element.find(name.old) == nullptr) continue;
      for (Attribute& attribute : element.attributes) {
        if (attribute.key == name.old) attribute.key = name.now;
      }
      renamed.push_back(cat("'", name.old, "' as '", name.now, "'"));
    }
  }

  const Registry& registry_;
  const WarnFn& warn_;
};

}  // namespace

void modernize(Element& root, const Registry& registry, const WarnFn& warn) { Walk(registry, warn).rules(root); }

}  // namespace logboom
