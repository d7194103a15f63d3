#include "cli/explain_text.hpp"

#include <ostream>
#include <string>

namespace logboom {

namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string compact(const Json& value) { return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

std::string place(const std::string& label) {
  if (label.empty()) return "the top level";
  return label.front() == '@' ? "<label " + label + ">" : "the top level of " + label;
}

class Printer {
 public:
  explicit Printer(std::ostream& out) : out_(out) {}

  void path(const Json& steps, int depth) {
    for (const Json& step : steps) {
      if (step.contains("end")) {
        end(text_of(step, "end"), depth);
      } else {
        rule(step, depth);
      }
    }
  }

 private:
  void line(int depth, const std::string& text) {
    out_ << std::string(static_cast<std::size_t>(depth) * 2, ' ') << text << "\n";
  }

  void end(const std::string& how, int depth) {
    line(depth, how == "loop" ? "! a circle: dropped" : "! no <match> takes it: counted as unmatched, not kept");
  }

  void rule(const Json& step, int depth) {
    const bool matches = step.at("matches").get<bool>();
    const std::string head = std::string(matches ? "* " : "- ") + text_of(step, "position") + " <" +
                             text_of(step, "rule") + " " + text_of(step, "pattern") + "> " + text_of(step, "type");
    if (!matches) {
      const std::string why = text_of(step, "why");
      line(depth, head + ": no" + (why.empty() ? "" : ", " + why));
      return;
    }
    if (text_of(step, "rule") == "match") {
      line(depth, head);
      output(step.at("output"), depth + 1, true);
      return;
    }
    line(depth, head + ": " + result(step));
    if (text_of(step, "result") != "kept" && step.contains("records")) records(step.at("records"), depth + 1);
    beside(step, depth + 1);
  }

  static std::string result(const Json& step) {
    const std::string result = text_of(step, "result");
    if (result == "kept") return "keeps it as it is";
    if (result == "changed") return "changes it to";
    if (result == "dropped") return "drops it: it goes no further";
    if (result == "failed") return "fails";
    return step.contains("records") ? "holds it back for more events; when none come it becomes"
                                    : "holds it back for more events";
  }

  void records(const Json& records, int depth) {
    for (const Json& record : records) line(depth, compact(record));
  }

  /// What goes other ways than on to the next rule.
  void beside(const Json& step, int depth) {
    if (const auto failures = step.find("failed"); failures != step.end()) {
      for (const Json& failure : *failures) {
        const bool kept = failure.contains("path");
        line(depth, "fails: " + text_of(failure, "reason") + (kept ? "; on in <label @ERROR>:" : "; dropped"));
        if (kept) path(failure.at("path"), depth + 1);
      }
    }
    if (const auto released = step.find("released"); released != step.end()) {
      for (const Json& event : *released) emitted(event, depth);
    }
  }

  void emitted(const Json& event, int depth) {
    line(depth, "emits tag " + text_of(event, "tag") + " into " + place(text_of(event, "label")) + ":");
    records(event.at("records"), depth + 1);
    path(event.at("path"), depth + 1);
  }

  /// `named`: the line above has the type already.
  void output(const Json& node, int depth, bool named) {
    const std::string type = text_of(node, "type");
    if (!named) {
      const std::string note = text_of(node, "note");
      line(depth, "* " + text_of(node, "position") + " <store> " + type + (note.empty() ? "" : ", " + note));
      ++depth;
    }
    if (const auto settings = node.find("settings"); settings != node.end()) {
      std::string text = "=> ends in " + type + ", id " + text_of(node, "id");
      for (const auto& [key, value] : settings->items()) text += ", " + key + " " + value.get<std::string>();
      line(depth, text);
    }
    if (node.contains("path")) {
      line(depth, "on in " + place(text_of(node, "label") == "@ROOT" ? "" : text_of(node, "label")) + ":");
      path(node.at("path"), depth + 1);
    }
    if (const auto stores = node.find("stores"); stores != node.end()) {
      for (const Json& store : *stores) output(store, depth, false);
    }
    if (const auto emits = node.find("emits"); emits != node.end()) {
      for (const Json& event : *emits) emitted(event, depth);
      if (emits->empty() && !node.contains("failed")) line(depth, "emits nothing");
    }
    beside(node, depth);
  }

  std::ostream& out_;
};

}  // namespace

void write_explanation(const Json& explanation, std::ostream& out) {
  out << "tag " << text_of(explanation, "tag") << ", from " << place(text_of(explanation, "label")) << "\n"
      << "record " << compact(explanation.at("record")) << "\n";
  Printer(out).path(explanation.at("path"), 0);
}

}  // namespace logboom
