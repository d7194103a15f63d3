#include "config/embedded.hpp"

#include "base/suggest.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>

namespace logboom::config {
namespace {

constexpr unsigned max_nesting = 32;
constexpr std::string_view supported_forms =
    "logboom runs no Ruby; within #{…} it knows ENV['NAME'], ENV.fetch('NAME', 'default'), hostname, "
    "Socket.gethostname, worker_id, Time.now.to_i, use_nil, use_default and 'text', joined by ||; compute anything "
    "else before the start and hand it over in an environment variable";

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// What a term gives. `missing` is Ruby's nil: `||` goes on to its right side, and as text it is empty.
struct Value {
  enum class Kind { text, missing, use_nil, use_default };
  Kind kind = Kind::missing;
  std::string text;
};

Value text_value(std::string text) { return {Value::Kind::text, std::move(text)}; }

std::string machine_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return {};
  return buffer.data();
}

class Evaluator {
 public:
  Evaluator(Cursor& cursor, const ParseOptions& options)
      : cursor_(cursor), options_(options), start_(cursor.offset() - 2) {}

  Literal run() {
    skip_space();
    Value value;
    if (cursor_.peek() != '}') value = expression(true, 0);
    skip_space();
    if (cursor_.at_end()) fail_unclosed();
    if (!cursor_.skip("}")) refuse_rest();
    return {std::move(value.text), value.kind == Value::Kind::use_nil, value.kind == Value::Kind::use_default};
  }

 private:
  // `live` is false on the right side of a `||` that is not reached: it is read and not evaluated.
  Value expression(bool live, unsigned depth) {
    if (depth > max_nesting) cursor_.fail("this #{…} is nested too deeply");
    Value value = term(live, depth);
    while (true) {
      skip_space();
      if (!cursor_.skip("||")) return value;
      skip_space();
      const bool needed = live && value.kind == Value::Kind::missing;
      Value right = term(needed, depth);
      if (needed) value = std::move(right);
    }
  }

  Value term(bool live, unsigned depth) {
    const char c = cursor_.peek();
    if (cursor_.at_end()) fail_unclosed();
    if (c == '\'' || c == '"') return text_value(string());
    if (c == '(') return parenthesized(live, depth);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return text_value(number());
    const std::size_t start = cursor_.offset();
    const std::string name = dotted_word();
    if (name == "ENV") return environment_index(live, start);
    if (name == "ENV.fetch") return environment_fetch(live, depth, start);
    return constant(name, start);
  }

  Value constant(const std::string& name, std::size_t start) {
    if (name == "hostname") return text_value(host());
    if (name == "worker_id") return text_value(std::to_string(options_.worker_id));
    if (name == "use_nil") return {Value::Kind::use_nil, {}};
    if (name == "use_default") return {Value::Kind::use_default, {}};
    if (name == "nil") return {};
    if (name == "Socket.gethostname" || name == "Time.now.to_i") {
      cursor_.skip("()");
      return text_value(name == "Time.now.to_i" ? std::to_string(std::time(nullptr)) : host());
    }
    refuse(start, name);
  }

  Value parenthesized(bool live, unsigned depth) {
    const std::size_t start = cursor_.offset();
    cursor_.advance();
    skip_space();
    Value value = expression(live, depth + 1);
    close(")", start);
    return value;
  }

  Value environment_index(bool live, std::size_t start) {
    skip_space();
    const std::size_t bracket = cursor_.offset();
    if (!cursor_.skip("[")) refuse(start, "ENV");
    const std::string name = variable_name();
    close("]", bracket);
    if (!live) return {};
    std::optional<std::string> found = lookup(name);
    return found ? text_value(std::move(*found)) : Value{};
  }

  Value environment_fetch(bool live, unsigned depth, std::size_t start) {
    skip_space();
    const std::size_t parenthesis = cursor_.offset();
    if (!cursor_.skip("(")) cursor_.fail("expected '(' after ENV.fetch");
    const std::string name = variable_name();
    std::optional<std::string> found = live ? lookup(name) : std::nullopt;
    Value fallback;
    skip_space();
    const bool has_fallback = cursor_.skip(",");
    if (has_fallback) {
      skip_space();
      fallback = expression(live && !found, depth + 1);
    }
    close(")", parenthesis);
    skip_space();
    if (cursor_.peek() == '{')
      cursor_.fail("a block is not supported here; write ENV.fetch('" + name + "', 'default')");
    if (found) return text_value(std::move(*found));
    if (live && !has_fallback) {
      cursor_.fail_at(start, "the environment variable " + name +
                                 " is not set; set it, or give a default: ENV.fetch('" + name + "', 'default')");
    }
    return fallback;
  }

  std::string variable_name() {
    skip_space();
    if (cursor_.peek() != '\'' && cursor_.peek() != '"') {
      cursor_.fail("expected the name of an environment variable in quotes, such as ENV['NAME']");
    }
    return string();
  }

  std::string string() {
    const std::size_t start = cursor_.offset();
    const char quote = cursor_.peek();
    cursor_.advance();
    std::string out;
    while (!cursor_.at_end()) {
      const char c = cursor_.peek();
      if (quote == '"' && cursor_.looking_at("#{")) cursor_.fail("a #{…} within a #{…} is not supported");
      if (c == '\\') {
        out += escape(quote);
        continue;
      }
      cursor_.advance();
      if (c == quote) return out;
      out += c;
    }
    cursor_.fail_at(start, "this string within #{…} is never closed");
  }

  std::string escape(char quote) {
    const char c = cursor_.peek(1);
    if (quote == '\'') {
      if (c != '\'' && c != '\\') {
        cursor_.advance();
        return "\\";
      }
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      constexpr std::string_view letters = "nrt0", meanings = std::string_view("\n\r\t\0", 4);
      const std::size_t index = letters.find(c);
      if (index == std::string_view::npos) cursor_.fail("unknown escape \\" + std::string(1, c) + " within #{…}");
      cursor_.advance(2);
      return std::string(1, meanings[index]);
    }
    cursor_.advance();
    if (cursor_.at_end()) return {};
    cursor_.advance();
    return std::string(1, c);
  }

  std::string word() {
    const std::size_t start = cursor_.offset();
    while (!cursor_.at_end() && is_name_character(cursor_.peek())) cursor_.advance();
    return std::string(cursor_.slice(start, cursor_.offset()));
  }

  std::string number() {
    const std::size_t start = cursor_.offset();
    while (std::isdigit(static_cast<unsigned char>(cursor_.peek())) != 0) cursor_.advance();
    return std::string(cursor_.slice(start, cursor_.offset()));
  }

  std::string dotted_word() {
    const std::size_t start = cursor_.offset();
    word();
    while (cursor_.peek() == '.' && is_name_character(cursor_.peek(1))) {
      cursor_.advance();
      word();
    }
    return std::string(cursor_.slice(start, cursor_.offset()));
  }

  void close(std::string_view bracket, std::size_t opened) {
    skip_space();
    if (cursor_.at_end()) fail_unclosed();
    if (cursor_.skip(bracket)) return;
    cursor_.fail("expected '" + std::string(bracket) + "' to close the bracket of " +
                 line_and_column(cursor_.position(opened)));
  }

  void skip_space() {
    while (cursor_.at_blank() || cursor_.at_newline()) cursor_.advance();
  }

  std::string host() const { return options_.hostname.empty() ? machine_name() : options_.hostname; }

  std::optional<std::string> lookup(const std::string& name) const {
    if (options_.env) return options_.env(name);
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  [[noreturn]] void refuse(std::size_t start, const std::string& name) const {
    const std::array<std::string, 8> known{"ENV['NAME']", "ENV.fetch",     "hostname", "Socket.gethostname",
                                           "worker_id",   "Time.now.to_i", "use_nil",  "use_default"};
    const std::string shown = name.empty() ? std::string(cursor_.slice(start, start + 1)) : name;
    cursor_.fail_at(start, in_quotes(shown) + " is not supported" + did_you_mean(shown, known) + "; " +
                               std::string(supported_forms));
  }

  [[noreturn]] void refuse_rest() {
    const std::size_t start = cursor_.offset();
    cursor_.skip(".");
    word();
    const std::string rest(cursor_.slice(start, std::max(cursor_.offset(), start + 1)));
    if (rest == ".to_s" || rest == ".to_i") {
      cursor_.fail_at(start,
                      in_quotes(rest) + " is not supported; leave it out, the value is text and converted later");
    }
    cursor_.fail_at(start, "expected '||' or '}' but found " + in_quotes(rest) + "; " + std::string(supported_forms));
  }

  [[noreturn]] void fail_unclosed() const { cursor_.fail_at(start_, "this #{ is never closed by '}'"); }

  Cursor& cursor_;
  const ParseOptions& options_;
  std::size_t start_;
};

}  // namespace

namespace {

/// Moves behind the `}` of a `#{…}` that can't be read. False where it is not on its line.
bool skip_embedded(Cursor& cursor) {
  unsigned open = 1;
  for (char quote = '\0'; !cursor.at_end() && !cursor.at_newline(); cursor.advance()) {
    const char c = cursor.peek();
    if (c == '\\') {
      cursor.advance();
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '{') {
      ++open;
    } else if (c == '}' && --open == 0) {
      cursor.advance();
      return true;
    }
  }
  return false;
}

}  // namespace

Literal evaluate_embedded(Cursor& cursor, const ParseOptions& options) {
  const std::size_t start = cursor.offset();
  try {
    return Evaluator(cursor, options).run();
  } catch (const ConfigError& error) {
    if (options.refused == nullptr) throw;
    cursor.move_to(start);
    if (!skip_embedded(cursor)) throw;
    options.refused->push_back(error);
    return {};
  }
}

std::size_t refusals(const ParseOptions& options) { return options.refused != nullptr ? options.refused->size() : 0; }

}  // namespace logboom::config
