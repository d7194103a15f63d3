#include "config/parser.hpp"

#include "base/suggest.hpp"
#include "config/include_files.hpp"
#include "config/literal.hpp"
#include "config/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace logboom {
namespace {

namespace fs = std::filesystem;
using config::Cursor;
using config::in_quotes;
using config::Literal;
using config::Source;

constexpr unsigned max_section_depth = 64;
constexpr std::size_t max_include_depth = 32;
constexpr std::size_t max_included_files = 10'000;
constexpr std::array<std::string_view, 4> reserved_parameters{"@type", "@id", "@label", "@log_level"};
constexpr std::array<std::string_view, 5> strict_sections{"ROOT", "match", "source", "filter", "system"};

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

template <class Range>
bool contains(const Range& range, std::string_view value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

// What all files of one configuration share: the files being read, outermost first.
struct IncludeState {
  struct File {
    std::string shown;
    fs::path canonical;
  };
  std::vector<File> chain;
  std::size_t files = 0;
};

class FileParser {
 public:
  FileParser(const Source& source, fs::path include_base, const ParseOptions& options, IncludeState& includes)
      : cursor_(source), include_base_(std::move(include_base)), options_(options), includes_(includes) {}

  /// Reads the whole file into `into`, which is the root or the section that includes it.
  void parse(Element& into, unsigned depth) { parse_body(into, depth, true); }

 private:
  void parse_body(Element& into, unsigned depth, bool file_level);
  void parse_section(Element& parent, unsigned depth);
  std::string parse_section_name(std::string_view what);
  std::string parse_argument();
  std::size_t skip_tag_spacing(std::size_t start);
  void parse_end_tag(const Element* open);
  void parse_line(Element& into, unsigned depth, bool file_level);
  std::string parse_key();
  void parse_value(Attribute& attribute);
  void check_reserved(const Element& into, const Attribute& attribute);
  void parse_include(Element& into, unsigned depth, std::size_t start);
  std::string parse_include_pattern(std::size_t start);
  void include(Element& into, unsigned depth, const std::string& pattern, std::size_t start);
  void include_file(Element& into, unsigned depth, const fs::path& path, std::size_t start);
  Literal scan_text_literal(std::string_view what);
  void warn(std::size_t offset, std::string message) const {
    if (options_.warn) options_.warn(cursor_.position(offset), std::move(message));
  }

  Cursor cursor_;
  fs::path include_base_;
  const ParseOptions& options_;
  IncludeState& includes_;
};

void FileParser::parse_body(Element& into, unsigned depth, bool file_level) {
  while (true) {
    cursor_.skip_spacing();
    if (cursor_.at_end()) {
      if (file_level) return;
      const std::string tag = "<" + into.name + (into.arg.empty() ? "" : " " + into.arg) + ">";
      throw ConfigError(into.pos, in_quotes(tag) + " is never closed; add '</" + into.name + ">'");
    }
    if (cursor_.looking_at("</")) {
      parse_end_tag(file_level ? nullptr : &into);
      return;
    }
    if (cursor_.peek() == '<') {
      parse_section(into, depth);
    } else {
      parse_line(into, depth, file_level);
    }
  }
}

std::string FileParser::parse_section_name(std::string_view what) {
  const std::size_t start = cursor_.offset();
  while (!cursor_.at_end() && is_name_character(cursor_.peek())) cursor_.advance();
  if (cursor_.offset() == start) {
    cursor_.fail("expected the name of a section (letters, digits, _) right after '" + std::string(what) + "'");
  }
  return std::string(cursor_.slice(start, cursor_.offset()));
}

void FileParser::parse_section(Element& parent, unsigned depth) {
  Element section;
  section.pos = cursor_.position();
  if (depth == max_section_depth) {
    cursor_.fail("sections nested more than " + std::to_string(max_section_depth) + " deep");
  }
  cursor_.advance();
  section.name = parse_section_name("<");
  section.arg = parse_argument();
  if (!cursor_.skip_line_end()) {
    cursor_.skip_blanks();
    cursor_.fail(
        "expected the end of the line after '>'; put what follows on its own line, and an argument that "
        "contains '>' in double quotes");
  }
  parse_body(section, depth + 1, false);
  parent.children.push_back(std::move(section));
}

// The rest of a tag, `>` included. A tag may span lines, so a forgotten '>' is reported where its first line ends.
std::string FileParser::parse_argument() {
  const std::size_t name_end = cursor_.offset();
  std::size_t line_end = skip_tag_spacing(name_end);
  std::string out;
  if (cursor_.peek() == '"' || cursor_.peek() == '\'') {
    out = scan_text_literal("a section's argument").text;
  } else if (cursor_.peek() != '<') {
    out = config::scan_plain_argument(cursor_);
  }
  const std::size_t argument_line_end = skip_tag_spacing(cursor_.offset());
  if (cursor_.skip(">")) return out;
  if (line_end == std::string::npos) line_end = argument_line_end;
  cursor_.fail_at(line_end == std::string::npos ? cursor_.offset() : line_end,
                  "expected '>' to close the tag" + std::string(line_end == std::string::npos ? "" : " on its line"));
}

// Moves over white space in a tag. Where the line ended, npos when it did not.
std::size_t FileParser::skip_tag_spacing(std::size_t start) {
  std::size_t line_end = std::string::npos;
  while (cursor_.at_blank() || cursor_.at_newline()) {
    if (cursor_.at_newline() && line_end == std::string::npos) line_end = start;
    cursor_.advance();
  }
  if (cursor_.peek() == '#') cursor_.fail("expected '>' but a comment begins here; close the tag first");
  return line_end;
}

void FileParser::parse_end_tag(const Element* open) {
  const std::size_t start = cursor_.offset();
  cursor_.advance(2);
  const std::string name = parse_section_name("</");
  if (open == nullptr) {
    cursor_.fail_at(start, "'</" + name + ">' closes nothing: no section is open in this file");
  }
  if (name != open->name) {
    cursor_.fail_at(start, "unmatched end tag: expected '</" + open->name + ">' for the '<" + open->name +
                               ">' opened at " + config::line_and_column(open->pos) + " but found '</" + name + ">'");
  }
  const std::size_t name_end = cursor_.offset();
  cursor_.skip_spacing();
  if (!cursor_.skip(">")) cursor_.fail_at(name_end, "expected '>' right after '</" + name + "'");
  if (!cursor_.skip_line_end()) {
    cursor_.skip_blanks();
    cursor_.fail("expected the end of the line after '</" + name + ">'");
  }
}

void FileParser::parse_line(Element& into, unsigned depth, bool file_level) {
  const std::size_t start = cursor_.offset();
  const bool plain = cursor_.peek() != '"' && cursor_.peek() != '\'';
  Attribute attribute;
  attribute.key_pos = cursor_.position();
  attribute.key = parse_key();
  if (plain && (attribute.key == "@include" || (file_level && attribute.key == "include"))) {
    if (attribute.key == "include") warn(start, "'include' is deprecated; write '@include'");
    parse_include(into, depth, start);
    return;
  }
  check_reserved(into, attribute);
  attribute.value_pos = cursor_.position();
  cursor_.skip_blanks();
  if (cursor_.at_end() || cursor_.at_newline()) {
    cursor_.skip_newline();
    if (plain && attribute.key.find('=') != std::string::npos) {
      warn(start, in_quotes(attribute.key) +
                      " is a parameter without a value; a name and its value are separated by a "
                      "space, not by '='");
    }
  } else {
    attribute.value_pos = cursor_.position();
    parse_value(attribute);
  }
  into.attributes.push_back(std::move(attribute));
}

std::string FileParser::parse_key() {
  if (cursor_.peek() != '"' && cursor_.peek() != '\'') return config::scan_plain_key(cursor_);
  std::string key = scan_text_literal("a parameter's name").text;
  if (!cursor_.at_end() && !cursor_.at_blank() && !cursor_.at_newline()) {
    cursor_.fail("expected white space after the quoted parameter name " + in_quotes(key));
  }
  return key;
}

// A quoted string that must be text: not use_nil or use_default.
Literal FileParser::scan_text_literal(std::string_view what) {
  const std::size_t start = cursor_.offset();
  if (cursor_.peek() == '\'') return {config::scan_single_quoted(cursor_), false, false};
  Literal literal = config::scan_double_quoted(cursor_, options_);
  if (literal.is_nil || literal.is_default) {
    cursor_.fail_at(start, "use_nil and use_default can only be a parameter's value, not " + std::string(what));
  }
  return literal;
}

void FileParser::parse_value(Attribute& attribute) {
  const std::size_t start = cursor_.offset();
  const char first = cursor_.peek();
  if (first == '"') {
    Literal literal = config::scan_double_quoted(cursor_, options_);
    attribute.value = std::move(literal.text);
    attribute.is_nil = literal.is_nil;
    attribute.is_default = literal.is_default;
  } else if (first == '\'') {
    attribute.value = config::scan_single_quoted(cursor_);
  } else if (first == '[' || first == '{') {
    attribute.value = config::scan_json(cursor_, &options_);
  } else {
    attribute.value = config::scan_plain_value(cursor_);
    if (attribute.value.find("#{") != std::string::npos) {
      warn(start, "#{…} is evaluated in double quotes only; this value is taken as it stands");
    }
  }
  if (cursor_.skip_line_end()) return;
  cursor_.skip_blanks();
  const bool is_json = first == '[' || first == '{';
  cursor_.fail(std::string("expected the end of the line after the ") + (is_json ? "JSON value" : "closing quote") +
               " (it began at " + config::line_and_column(attribute.value_pos) +
               (is_json ? ")" : "); write \\" + std::string(1, first) + " for a quote within the text"));
}

void FileParser::check_reserved(const Element& into, const Attribute& attribute) {
  if (!attribute.key.starts_with('@') || contains(reserved_parameters, attribute.key)) return;
  const std::array<std::string, 5> known{"@type", "@id", "@label", "@log_level", "@include"};
  const std::string message = "names that begin with '@' are reserved and " + in_quotes(attribute.key) +
                              " is not one of @type, @id, @label, @log_level, @include" +
                              did_you_mean(attribute.key, known);
  if (contains(strict_sections, into.name)) throw ConfigError(attribute.key_pos, message);
  if (options_.warn) options_.warn(attribute.key_pos, message);
}

void FileParser::parse_include(Element& into, unsigned depth, std::size_t start) {
  if (!options_.allow_include) cursor_.fail_at(start, "@include is not possible here");
  const std::string pattern = parse_include_pattern(start);
  if (!cursor_.skip_line_end()) {
    cursor_.skip_blanks();
    cursor_.fail("expected the end of the line after the file to include");
  }
  include(into, depth, pattern, start);
}

std::string FileParser::parse_include_pattern(std::size_t start) {
  cursor_.skip_blanks();
  const std::size_t pattern_start = cursor_.offset();
  std::string pattern;
  if (cursor_.peek() == '"' || cursor_.peek() == '\'') {
    pattern = scan_text_literal("a file to include").text;
  } else {
    pattern = config::scan_plain_value(cursor_);
  }
  if (pattern.empty()) cursor_.fail_at(start, "@include needs a file, such as '@include conf.d/*.conf'");
  if (pattern.starts_with("http://") || pattern.starts_with("https://") || pattern.starts_with("ftp://")) {
    cursor_.fail_at(pattern_start, "@include reads files only; download it first: " + in_quotes(pattern));
  }
  if (pattern.starts_with("file://")) pattern.erase(0, 7);
  if (pattern.find('\0') != std::string::npos) cursor_.fail_at(pattern_start, "NUL in the name of a file to include");
  return pattern;
}

void FileParser::include(Element& into, unsigned depth, const std::string& pattern, std::size_t start) {
  const std::string full = (include_base_ / pattern).lexically_normal().string();
  std::vector<fs::path> files;
  if (config::is_glob(pattern)) {
    try {
      files = config::expand_glob(include_base_, pattern);
    } catch (const std::length_error& error) {
      cursor_.fail_at(start, std::string("@include ") + in_quotes(pattern) + ": " + error.what());
    }
    if (files.empty()) warn(start, "@include " + in_quotes(pattern) + " matches no file (looked for '" + full + "')");
  } else {
    std::error_code error;
    if (fs::exists(full, error) || error) {
      files.emplace_back(full);
    } else {
      warn(start, "@include " + in_quotes(pattern) + ": there is no file '" + full + "'");
    }
  }
  for (const fs::path& file : files) include_file(into, depth, file, start);
}

void FileParser::include_file(Element& into, unsigned depth, const fs::path& path, std::size_t start) {
  std::error_code error;
  fs::path canonical = fs::canonical(path, error);
  if (error) canonical = path;
  std::string chain;
  bool loop = false;
  for (const IncludeState::File& file : includes_.chain) {
    chain += file.shown + " -> ";
    loop |= file.canonical == canonical;
  }
  if (loop) cursor_.fail_at(start, "include loop: " + chain + path.string());
  if (includes_.chain.size() > max_include_depth) {
    cursor_.fail_at(
        start, "files included more than " + std::to_string(max_include_depth) + " deep: " + chain + path.string());
  }
  if (++includes_.files > max_included_files) {
    cursor_.fail_at(start, "more than " + std::to_string(max_included_files) + " files included");
  }
  const Source source(config::read_config_file(path, cursor_.position(start)), path.string());
  includes_.chain.push_back({path.string(), canonical});
  FileParser(source, path.parent_path(), options_, includes_).parse(into, depth);
  includes_.chain.pop_back();
}

Element parse_source(const Source& source, const fs::path& include_base, const ParseOptions& options,
                     IncludeState::File file) {
  Element root;
  root.name = "ROOT";
  root.pos = source.position(0);
  IncludeState includes;
  includes.chain.push_back(std::move(file));
  FileParser(source, include_base, options, includes).parse(root, 0);
  return root;
}

}  // namespace

Element parse_file(const fs::path& path, const ParseOptions& options) {
  const SourcePos whole_file{std::make_shared<const std::string>(path.string()), 0, 0};
  const Source source(config::read_config_file(path, whole_file), path.string());
  std::error_code error;
  fs::path canonical = fs::canonical(path, error);
  return parse_source(source, path.parent_path(), options, {path.string(), error ? path : canonical});
}

Element parse_text(std::string_view text, std::string file_name, const fs::path& include_base,
                   const ParseOptions& options) {
  const Source source(std::string(text), file_name);
  return parse_source(source, include_base, options, {std::move(file_name), {}});
}

}  // namespace logboom
