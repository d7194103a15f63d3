#include "config/literal.hpp"

#include <nlohmann/json.hpp>

#include <cctype>
#include <utility>
#include <vector>

namespace logboom::config {
namespace {

constexpr std::size_t max_depth = 100;

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.' || c == '_';
}

std::string json_escaped(const std::string& text) {
  const std::string out = json_string(text);
  return out.substr(1, out.size() - 2);
}

// Reads one JSON document token by token, so that every error is at the character that is wrong.
class JsonScanner {
 public:
  JsonScanner(Cursor& cursor, const ParseOptions* options) : cursor_(cursor), options_(options) {}

  std::string run() {
    do {
      skip_spacing();
      token();
    } while (!open_.empty());
    return std::move(out_);
  }

 private:
  enum class Expect { value, value_or_close, key, key_or_close, colon, comma_or_close };
  struct Bracket {
    char opening;
    std::size_t offset;
    bool is_array() const { return opening == '['; }
  };

  void token() {
    if (cursor_.at_end()) fail_unclosed();
    const char c = cursor_.peek();
    if (c == '[' || c == '{') {
      open(c);
    } else if (c == ']' || c == '}') {
      close(c);
    } else if (c == ',' || c == ':') {
      separator(c);
    } else if (c == '"') {
      string();
    } else if (expect_ == Expect::value && embeds() && cursor_.skip("#{")) {
      embedded_value();
    } else {
      word();
    }
  }

  void open(char c) {
    require_value();
    if (open_.size() == max_depth) cursor_.fail("JSON nested more than " + std::to_string(max_depth) + " deep");
    open_.push_back({c, cursor_.offset()});
    emit(c);
    expect_ = c == '[' ? Expect::value_or_close : Expect::key_or_close;
  }

  void close(char c) {
    const Bracket& last = open_.back();
    const char wanted = last.is_array() ? ']' : '}';
    if (c != wanted) {
      cursor_.fail(std::string("expected '") + wanted + "' to close the '" + last.opening + "' of " +
                   line_and_column(cursor_.position(last.offset)) + " but found '" + c + "'");
    }
    if (out_.back() == ',') cursor_.fail_at(comma_, "trailing comma in JSON; remove it");
    if (expect_ != Expect::comma_or_close && expect_ != Expect::value_or_close && expect_ != Expect::key_or_close) {
      fail_expected();
    }
    open_.pop_back();
    emit(c);
    expect_ = Expect::comma_or_close;
  }

  void separator(char c) {
    if (expect_ != (c == ',' ? Expect::comma_or_close : Expect::colon)) fail_expected();
    if (c == ',') comma_ = cursor_.offset();
    emit(c);
    expect_ = c == ':' || open_.back().is_array() ? Expect::value : Expect::key;
  }

  void string() {
    const bool is_key = expect_ == Expect::key || expect_ == Expect::key_or_close;
    if (!is_key) require_value();
    const std::size_t start = cursor_.offset();
    emit('"');
    while (cursor_.peek() != '"' || cursor_.at_end()) {
      if (cursor_.at_end() || cursor_.at_newline()) {
        cursor_.fail_at(start,
                        "this JSON string is not closed on its line; add the closing \", and \\n for a new line");
      }
      if (static_cast<unsigned char>(cursor_.peek()) < 0x20) cursor_.fail("control character in a JSON string");
      if (cursor_.peek() == '\\') {
        escape();
      } else if (embeds() && cursor_.skip("#{")) {
        out_ += json_escaped(embedded());
      } else {
        emit(cursor_.peek());
      }
    }
    emit('"');
    expect_ = is_key ? Expect::colon : Expect::comma_or_close;
  }

  void escape() {
    constexpr std::string_view single = "\"\\/bfnrt";
    const char c = cursor_.peek(1);
    std::size_t length = 2;
    if (c == 'u') {
      while (length < 6 && std::isxdigit(static_cast<unsigned char>(cursor_.peek(length))) != 0) ++length;
      if (length < 6) cursor_.fail("expected four hexadecimal digits after \\u");
    } else if (c == '#' && embeds()) {
      cursor_.advance();
      length = 1;
    } else if (c == '\0' || single.find(c) == std::string_view::npos) {
      cursor_.fail("unknown escape in a JSON string; write \\\\ for a backslash");
    }
    for (; length > 0; --length) emit(cursor_.peek());
  }

  void word() {
    const std::size_t start = cursor_.offset();
    while (!cursor_.at_end() && is_word_character(cursor_.peek())) cursor_.advance();
    const std::string text(cursor_.slice(start, cursor_.offset()));
    cursor_.move_to(start);
    require_value();
    if (text.empty() || !nlohmann::json::accept(text)) {
      const std::string_view shown = text.empty() ? cursor_.slice(start, start + 1) : text;
      cursor_.fail("expected a JSON value but found " + in_quotes(shown) + "; put texts in double quotes");
    }
    cursor_.advance(text.size());
    out_ += text;
    expect_ = Expect::comma_or_close;
  }

  void embedded_value() {
    const std::size_t start = cursor_.offset() - 2;
    const std::size_t refused = refusals(*options_);
    std::string text = embedded();
    if (refusals(*options_) != refused) text = "null";
    try {
      const Source source(text, {});
      Cursor inner(source);
      out_ += scan_json(inner, nullptr);
      inner.skip_spacing();
      if (!inner.at_end()) inner.fail("text behind the JSON value");
    } catch (const ConfigError&) {
      cursor_.fail_at(start,
                      "this gives " + in_quotes(text) + ", which is not JSON; put double quotes around #{…} for text");
    }
    expect_ = Expect::comma_or_close;
  }

  std::string embedded() {
    const std::size_t start = cursor_.offset() - 2;
    Literal literal = evaluate_embedded(cursor_, *options_);
    if (literal.is_nil || literal.is_default) {
      cursor_.fail_at(start, "use_nil and use_default stand for a whole value and can't be a part of JSON");
    }
    return std::move(literal.text);
  }

  void require_value() const {
    if (expect_ != Expect::value && expect_ != Expect::value_or_close) fail_expected();
  }

  // A '#' where a value must come may begin `#{…}`; elsewhere it begins a comment.
  void skip_spacing() {
    while (!cursor_.at_end()) {
      if (cursor_.at_blank() || cursor_.at_newline()) {
        cursor_.advance();
      } else if (cursor_.looking_at("#{") && embeds() && !out_.empty() && out_.back() == ':') {
        return;
      } else if (cursor_.peek() == '#' || cursor_.looking_at("//")) {
        cursor_.skip_rest_of_line();
      } else if (cursor_.looking_at("/*")) {
        skip_block_comment();
      } else {
        return;
      }
    }
  }

  void skip_block_comment() {
    const std::size_t start = cursor_.offset();
    cursor_.advance(2);
    while (!cursor_.skip("*/")) {
      if (cursor_.at_end()) cursor_.fail_at(start, "this comment is never closed by */");
      cursor_.advance();
    }
  }

  [[noreturn]] void fail_expected() const {
    static constexpr std::string_view names[] = {
        "a value", "a value or the closing bracket", "a name in double quotes", "a name in double quotes or '}'",
        "':'",     "',' or the closing bracket"};
    cursor_.fail("expected " + std::string(names[static_cast<std::size_t>(expect_)]) + " in JSON but found " +
                 in_quotes(cursor_.slice(cursor_.offset(), cursor_.offset() + 1)));
  }

  [[noreturn]] void fail_unclosed() const {
    const char opening = open_.empty() ? '[' : open_.back().opening;
    const std::size_t offset = open_.empty() ? cursor_.offset() : open_.back().offset;
    cursor_.fail_at(
        offset, std::string("this JSON '") + opening + "' is never closed; add '" + (opening == '[' ? ']' : '}') + "'");
  }

  void emit(char c) {
    out_ += c;
    cursor_.advance();
  }

  bool embeds() const { return options_ != nullptr; }

  Cursor& cursor_;
  const ParseOptions* options_;
  std::vector<Bracket> open_;
  std::string out_;
  Expect expect_ = Expect::value;
  std::size_t comma_ = 0;
};

}  // namespace

std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string scan_json(Cursor& cursor, const ParseOptions* options) { return JsonScanner(cursor, options).run(); }

}  // namespace logboom::config
