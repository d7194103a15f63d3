#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/record_editor.hpp>

#include "redactor.hpp"

namespace logboom::plugins {
namespace {

using redact::Redactor;

enum class Action : std::uint8_t { replace, hash, remove };

struct PatternOptions {
  std::string name;
  config_value::Regexp regexp;

  static void describe(Describe<PatternOptions>& d) {
    d.param("name", &PatternOptions::name, "What it is called in ${pattern} and in the metrics.").required();
    d.param("regexp", &PatternOptions::regexp, "The regular expression, in Ruby's syntax.").required();
  }
};

/// SHA-256 in hexadecimal digits, or HMAC-SHA-256 where there is a salt.
void append_hash(std::string_view text, const std::string& salt, std::string& out) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  const bool done = salt.empty()
                        ? EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1
                        : HMAC(EVP_sha256(), salt.data(), static_cast<int>(salt.size()), data, text.size(),
                               digest.data(), &size) != nullptr;
  if (!done) throw std::runtime_error("redact: the hash could not be computed");
  constexpr std::string_view digits = "0123456789abcdef";
  for (unsigned i = 0; i < size; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
}

class RedactFilter : public Filter {
 public:
  struct Options {
    std::vector<std::string> keys;
    std::vector<std::string> patterns;
    std::vector<PatternOptions> own_patterns;
    Action action = Action::replace;
    std::string replacement = "[REDACTED]";
    std::string salt;

    static void describe(Describe<Options>& d) {
      d.param(
          "keys", &Options::keys,
          "The fields to look at, as record accessors; a map or array with all that is in it. Default: all fields.");
      d.param("patterns", &Options::patterns,
              "What to look for: email, ipv4, ipv6, credit_card, jwt, aws_key, with commas between.");
      d.section("pattern", &Options::own_patterns, "Something else to look for.");
      d.choice("action", &Options::action,
               {{"replace", Action::replace}, {"hash", Action::hash}, {"remove", Action::remove}},
               "What becomes of a match: the replacement, its SHA-256 in hexadecimal digits, or nothing.");
      d.param("replacement", &Options::replacement, "What replace puts in; ${pattern} is the pattern's name.");
      d.param("salt", &Options::salt, "With hash: the key of an HMAC, so that nobody without it can try values.")
          .secret();
    }
  };

  RedactFilter(Options options, BuildContext& context)
      : options_(std::move(options)),
        patterns_(prepare(context.element())),
        substitute_([this](const redact::Pattern& pattern, std::string_view match, std::string& out) {
          substitute(pattern, match, out);
        }),
        workers_(context, [&] { return std::make_unique<Worker>(patterns_, substitute_); }) {
    for (const auto& pattern : patterns_) {
      MetricLabels labels = context.labels();
      labels.emplace_back("pattern", pattern->name);
      context.metrics().counter("logboom_filter_redact_matches_total", std::move(labels), pattern->matches);
    }
    if (options_.action == Action::hash && options_.salt.empty()) {
      const Attribute* action = context.element().find("action");
      context.warn(action->value_pos, "hashes without a salt can be undone by trying values: set salt");
    }
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Worker& worker = workers_.at(sink.worker());
    batch.for_each([&](const Event& event) {
      worker.out.clear();
      const Redactor::Result result =
          keys_.empty() ? worker.redactor.redact(event.record.value(), worker.out) : redact_keys(event.record, worker);
      if (result == Redactor::Result::clean) return sink.keep(event);
      if (result == Redactor::Result::redacted) return sink.replace(event, event.time, worker.out.text());
      sink.fail(event, "redact: a regular expression took too long or matched too often");
    });
  }

 private:
  struct Worker {
    Worker(const std::vector<std::unique_ptr<redact::Pattern>>& patterns, const redact::Substitute& substitute)
        : redactor(patterns, substitute) {}
    Redactor redactor;
    RecordEditor editor;
    OutBuffer value;
    OutBuffer out;
  };

  /// Also the keys, so that all that is wrong is told together.
  std::vector<std::unique_ptr<redact::Pattern>> prepare(const Element& element) {
    ConfigErrorCollector errors;
    for (const std::string& key : options_.keys) {
      try {
        keys_.push_back(RecordAccessor::compile(key));
      } catch (const std::invalid_argument& error) {
        errors.add(ConfigError(element.find("keys")->value_pos, error.what()));
      }
    }
    auto patterns = compile_patterns(element, errors);
    errors.throw_if_any();
    return patterns;
  }

  std::vector<std::unique_ptr<redact::Pattern>> compile_patterns(const Element& element,
                                                                 ConfigErrorCollector& errors) const {
    std::vector<std::unique_ptr<redact::Pattern>> patterns;
    const auto add = [&](const std::string& name, auto what) {
      auto pattern = std::make_unique<redact::Pattern>();
      pattern->name = name;
      pattern->what = std::move(what);
      patterns.push_back(std::move(pattern));
    };
    for (const std::string& name : options_.patterns) {
      const std::optional<redact::Kind> kind = redact::kind_of(name);
      if (kind) {
        add(name, *kind);
      } else {
        errors.add(
            ConfigError(element.find("patterns")->value_pos,
                        cat("there is no pattern \"", name, "\"; there are email, ipv4, ipv6, credit_card, jwt and ",
                            "aws_key, and <pattern> sections")));
      }
    }
    const std::vector<const Element*> sections = element.sections("pattern");
    for (std::size_t i = 0; i < options_.own_patterns.size(); ++i) {
      const auto& [name, regexp] = options_.own_patterns[i];
      try {
        add(name, Regexp::compile(regexp.source, {regexp.ignore_case, regexp.multiline, regexp.extended}));
      } catch (const std::invalid_argument& error) {
        errors.add(ConfigError(sections.at(i)->find("regexp")->value_pos, error.what()));
      }
    }
    if (options_.patterns.empty() && sections.empty()) {
      errors.add(ConfigError(element.pos, "redact needs patterns, or <pattern> sections"));
    }
    return patterns;
  }

  void substitute(const redact::Pattern& pattern, std::string_view match, std::string& out) const {
    constexpr std::string_view placeholder = "${pattern}";
    if (options_.action == Action::remove) return;
    if (options_.action == Action::hash) return append_hash(match, options_.salt, out);
    std::string_view left = options_.replacement;
    for (std::size_t at = left.find(placeholder); at != std::string_view::npos; at = left.find(placeholder)) {
      out += left.substr(0, at);
      out += pattern.name;
      left.remove_prefix(at + placeholder.size());
    }
    out += left;
  }

  Redactor::Result redact_keys(const Record& record, Worker& worker) const {
    worker.editor.start(record);
    for (const RecordAccessor& key : keys_) {
      const msgpack::Value value = worker.editor.find(key);
      if (!value) continue;
      worker.value.clear();
      const Redactor::Result result = worker.redactor.redact(value, worker.value);
      if (result == Redactor::Result::gave_up) return result;
      if (result == Redactor::Result::clean) continue;
      set(worker, key);
    }
    if (!worker.editor.changed()) return Redactor::Result::clean;
    worker.editor.write(worker.out);
    return Redactor::Result::redacted;
  }

  /// By a function where it can be, because that copies the value.
  static void set(Worker& worker, const RecordAccessor& key) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(worker.value.data());
    const msgpack::Value changed(data, data + worker.value.size());
    if (key.is_top_level()) {
      worker.editor.set(key.steps().front().key, [&](msgpack::Writer& writer) { writer.value(changed); });
    } else {
      worker.editor.set(key, changed);
    }
  }

  Options options_;
  std::vector<RecordAccessor> keys_;
  std::vector<std::unique_ptr<redact::Pattern>> patterns_;
  redact::Substitute substitute_;
  PerWorker<Worker> workers_;
};

}  // namespace

PluginInfo filter_redact() {
  return describe_plugin<RedactFilter>(PluginKind::filter, "redact", "Takes secrets and personal data out of texts.");
}

}  // namespace logboom::plugins
