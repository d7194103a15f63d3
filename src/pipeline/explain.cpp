#include "pipeline/explain.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <logboom/json.hpp>

#include "config/dump.hpp"
#include "pipeline/event_run.hpp"
#include "route/why_not.hpp"

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

// How often an event may be emitted again before the rest is not worth reading.
constexpr unsigned followed_emits = 8;

bool same_place(const SourcePos& a, const SourcePos& b) {
  return a.line == b.line && a.column == b.column && (a.file == b.file || (a.file && b.file && *a.file == *b.file));
}

const Element* find_element(const Element& element, const SourcePos& pos) {
  for (const Element& child : element.children) {
    if (same_place(child.pos, pos)) return &child;
    if (const Element* found = find_element(child, pos)) return found;
  }
  return nullptr;
}

Json json_of(const msgpack::Value& value) {
  OutBuffer text;
  append_json(text, value);
  return Json::parse(text.text(), nullptr, false);
}

Json records_of(const EventBatch& batch) {
  Json records = Json::array();
  batch.for_each([&](const Event& event) { records.push_back(json_of(event.record.value())); });
  return records;
}

/// What a plugin gives back when nothing more comes.
struct Released final : ReleaseSink {
  struct Item {
    std::string label;
    std::string tag;
    EventTime time;
    std::string record;
    std::string reason;
    enum class Way : std::uint8_t { on, label, error } way;
  };
  unsigned worker() const noexcept override { return 0; }
  void release(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t) override {
    items.push_back({{}, std::string(tag), time, std::string(record), {}, Item::Way::on});
  }
  void release_to(std::string_view label, std::string_view tag, const EventTime& time, std::string_view record,
                  std::uint64_t) override {
    items.push_back({std::string(label), std::string(tag), time, std::string(record), {}, Item::Way::label});
  }
  void fail(std::string_view tag, const EventTime& time, std::string_view record, std::uint64_t,
            std::string_view reason) override {
    items.push_back({{}, std::string(tag), time, std::string(record), std::string(reason), Item::Way::error});
  }
  std::vector<Item> items;
};

class Walker {
 public:
  Walker(const Pipeline& pipeline, const Element& root) : pipeline_(pipeline), root_(root) {}

  BatchPtr batch(std::string_view tag, const EventTime& time, std::string_view record) {
    auto made = std::make_unique<EventBatch>(tags_.intern(tag));
    const Span span = writer_.write(time, record);
    made->add(span, writer_.slab());
    return BatchPtr(std::move(made));
  }

  Json enter(const std::string& given, BatchPtr batch) {
    const std::string label = given == "@ROOT" ? std::string() : given;
    if (std::find(labels_.begin(), labels_.end(), label) != labels_.end() || emits_ > followed_emits)
      return Json::array({{{"end", "loop"}}});
    labels_.push_back(label);
    Json steps = rules(label, std::move(batch));
    labels_.pop_back();
    return steps;
  }

  bool unmatched() const noexcept { return unmatched_; }

 private:
  class Plan;

  Json rules(const std::string& label, BatchPtr batch) {
    Json steps = Json::array();
    for (const Router::Rule& rule : pipeline_.router().rules(label)) {
      Json& step = steps.emplace_back(describe(rule));
      const bool matches = rule.patterns.matches(batch->tag().text());
      step["matches"] = matches;
      if (!matches) {
        if (std::string why = why_not(rule.patterns, batch->tag().text()); !why.empty()) step["why"] = std::move(why);
        continue;
      }
      if (!rule.is_filter) {
        step["output"] = output(pipeline_.output(rule.target), batch);
        return steps;
      }
      batch = filter(step, pipeline_.filter(rule.target), batch);
      if (!batch) return steps;
    }
    unmatched_ = true;
    steps.push_back({{"end", "unmatched"}});
    return steps;
  }

  Json describe(const Router::Rule& rule) const {
    const Node& node = rule.is_filter ? static_cast<const Node&>(*pipeline_.filters()[rule.target])
                                      : static_cast<const Node&>(pipeline_.output(rule.target));
    return {{"rule", rule.is_filter ? "filter" : "match"},
            {"position", node.pos.to_string()},
            {"pattern", text_of(rule.patterns)},
            {"type", node.type},
            {"id", node.id}};
  }

  BatchPtr filter(Json& step, Filter& filter, const BatchPtr& before) {
    FilterRun run({before, writer_, 0});
    try {
      filter.apply(*before, run);
    } catch (const std::exception& error) {
      run.fail_rest(error.what());
    }
    BatchPtr kept = run.finish();
    add_failed(step, run, before);
    if (run.tally().held != 0 && filter.holder() != nullptr) {
      step["result"] = "held";
      if (!kept) kept = release(step, *filter.holder(), before);
    } else if (!kept) {
      step["result"] = run.failed().empty() ? "dropped" : "failed";
    } else {
      step["result"] = &*kept == &*before ? "kept" : "changed";
    }
    if (kept) step["records"] = records_of(*kept);
    return kept;
  }

  /// What comes out of a holder when its time is over and nothing more came.
  BatchPtr release(Json& step, Holder& holder, const BatchPtr& before) {
    Released released;
    holder.flush(released);
    BatchPtr on;
    for (const Released::Item& item : released.items) {
      BatchPtr made = batch(item.tag, item.time, item.record);
      if (item.way == Released::Item::Way::on && item.tag == before->tag().text()) {
        on = std::move(made);
      } else if (item.way == Released::Item::Way::error) {
        step["failed"].push_back(failed(made, item.reason));
      } else {
        step["released"].push_back({{"tag", item.tag},
                                    {"records", records_of(*made)},
                                    {"label", item.label},
                                    {"path", enter_again(item.label, made)}});
      }
    }
    return on;
  }

  template <class Run>
  void add_failed(Json& step, const Run& run, const BatchPtr& before) {
    for (const auto& [reason, draft] : run.failed())
      step["failed"].push_back(failed(draft.make(before->tag(), *before), reason));
  }

  Json failed(const BatchPtr& batch, const std::string& reason) {
    Json out{{"reason", reason}};
    if (in_error_ || !pipeline_.router().has_label("@ERROR")) return out;
    in_error_ = true;
    out["label"] = "@ERROR";
    out["path"] = enter_again("@ERROR", batch);
    in_error_ = false;
    return out;
  }

  /// Rules that are entered anew, not from inside those of another label.
  Json enter_again(const std::string& label, const BatchPtr& batch) {
    const std::vector<std::string> outer = std::exchange(labels_, {});
    ++emits_;
    Json path = enter(label, batch);
    --emits_;
    labels_ = outer;
    return path;
  }

  Json output(const OutputNode& node, const BatchPtr& batch);
  void emit(Json& out, const OutputNode& node, const BatchPtr& batch);
  Json settings_of(const SourcePos& pos) const;

  const Pipeline& pipeline_;
  const Element& root_;
  EntryWriter writer_;
  TagTable tags_;
  std::map<std::string, TagTable> label_tags_;
  std::vector<std::string> labels_;
  unsigned emits_ = 0;
  bool in_error_ = false;
  bool unmatched_ = false;
};

class Walker::Plan final : public RoutePlan {
 public:
  Plan(Walker& walker, Json& out, const OutputNode& node, const BatchPtr& batch)
      : walker_(walker), out_(out), node_(node), batch_(batch) {}

  void here() override {
    if (node_.emits != nullptr) return walker_.emit(out_, node_, batch_);
    out_["settings"] = walker_.settings_of(node_.pos);
  }
  void label(const std::string& name) override {
    out_["label"] = name;
    out_["path"] = walker_.enter(name, batch_);
  }
  void store(std::size_t index, StoreMode mode) override {
    Json& store = out_["stores"].emplace_back(walker_.output(*node_.stores[index], batch_));
    if (mode.only_after_failure) store["note"] = "only where the store before it has no room";
  }
  void one_of(const std::vector<Choice>& choices) override {
    for (const Choice& choice : choices) {
      Json& store = out_["stores"].emplace_back(walker_.output(*node_.stores[choice.store], batch_));
      store["note"] = "one of them in turn";
    }
  }

 private:
  Walker& walker_;
  Json& out_;
  const OutputNode& node_;
  const BatchPtr& batch_;
};

Json Walker::output(const OutputNode& node, const BatchPtr& batch) {
  Json out{{"id", node.id}, {"type", node.type}, {"position", node.pos.to_string()}};
  Plan plan(*this, out, node, batch);
  node.plugin->plan(plan);
  return out;
}

void Walker::emit(Json& out, const OutputNode& node, const BatchPtr& batch) {
  EmitRun run({batch, writer_, 0}, label_tags_, node.emit_label);
  try {
    node.emits->process(*batch, run);
  } catch (const std::exception& error) {
    run.fail_rest(error.what());
  }
  const std::vector<EmitRun::Emitted> emitted = run.finish();
  add_failed(out, run, batch);
  out["emits"] = Json::array();
  for (const auto& [label, each] : emitted) {
    out["emits"].push_back({{"tag", std::string(each->tag().text())},
                            {"records", records_of(*each)},
                            {"label", label},
                            {"path", enter_again(label, each)}});
  }
  if (run.tally().held != 0 && node.emits->holder() != nullptr) {
    out["held"] = true;
    static_cast<void>(release(out, *node.emits->holder(), batch));
  }
}

Json Walker::settings_of(const SourcePos& pos) const {
  Json out = Json::object();
  const Element* element = find_element(root_, pos);
  if (element == nullptr) return out;
  for (const Attribute& attribute : element->attributes) {
    if (attribute.key.starts_with('@')) continue;
    out[attribute.key] = is_secret_parameter(attribute.key) ? "xxxxxx" : attribute.value;
  }
  return out;
}

}  // namespace

Explanation explain(const Pipeline& pipeline, const Element& root, const ExplainedEvent& event) {
  Walker walker(pipeline, root);
  Explanation result;
  result.path = walker.enter(event.label, walker.batch(event.tag, event.time, event.record));
  result.unmatched = walker.unmatched();
  return result;
}

}  // namespace logboom
