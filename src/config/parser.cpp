#include "config/parser.hpp"

#include "config/include_files.hpp"
#include "config/includes.hpp"
#include "config/literal.hpp"
#include "config/source.hpp"

#include <cctype>
#include <system_error>
#include <utility>

namespace logboom {
namespace {

namespace fs = std::filesystem;
using config::Cursor;
using config::in_quotes;
using config::Includes;
using config::Literal;
using config::Source;

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class FileParser {
 public:
  FileParser(const Source& source, const fs::path& include_base, const ParseOptions& options, Includes& includes)
      : cursor_(source), include_base_(include_base), options_(options), includes_(includes) {}

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
  void parse_include(Element& into, unsigned depth, std::size_t start);
  std::string parse_include_pattern(std::size_t start);
  Literal scan_text_literal(std::string_view what);
  void warn(std::size_t offset, std::string message) const {
    if (options_.warn) options_.warn(cursor_.position(offset), std::move(message));
  }

  Cursor cursor_;
  const fs::path& include_base_;
  ParseOptions options_;
  Includes& includes_;
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
  if (depth == config::max_section_depth) {
    cursor_.fail("sections nested more than " + std::to_string(config::max_section_depth) + " deep");
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
  const int outer_worker = options_.worker_id;
  if (section.name == "worker") options_.worker_id = config::first_worker(section.arg, outer_worker);
  parse_body(section, depth + 1, false);
  options_.worker_id = outer_worker;
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
  config::check_reserved(into, attribute, options_);
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
  const std::size_t refused = config::refusals(options_);
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
  if (config::refusals(options_) != refused) attribute.is_default = true;
  if (cursor_.skip_line_end()) return;
  cursor_.skip_blanks();
  const bool is_json = first == '[' || first == '{';
  cursor_.fail(std::string("expected the end of the line after the ") + (is_json ? "JSON value" : "closing quote") +
               " (it began at " + config::line_and_column(attribute.value_pos) +
               (is_json ? ")" : "); write \\" + std::string(1, first) + " for a quote within the text"));
}

void FileParser::parse_include(Element& into, unsigned depth, std::size_t start) {
  const std::string pattern = parse_include_pattern(start);
  if (!cursor_.skip_line_end()) {
    cursor_.skip_blanks();
    cursor_.fail("expected the end of the line after the file to include");
  }
  const SourcePos pos = cursor_.position(start);
  for (const fs::path& file : includes_.find("@include", pattern, include_base_, pos)) {
    includes_.read(file, pos, into, depth, options_);
  }
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

Element parse_source(const Source& source, const fs::path& include_base, const ParseOptions& options, bool yaml,
                     Includes& includes) {
  Element root;
  root.name = "ROOT";
  root.pos = source.position(0);
  const auto read = yaml ? config::read_yaml : config::read_v1;
  read(source, include_base, options, includes, root, 0);
  return root;
}

}  // namespace

namespace config {

void read_v1(const Source& source, const fs::path& include_base, const ParseOptions& options, Includes& includes,
             Element& into, unsigned depth) {
  FileParser(source, include_base, options, includes).parse(into, depth);
}

}  // namespace config

Element parse_file(const fs::path& path, const ParseOptions& options) {
  const SourcePos whole_file{std::make_shared<const std::string>(path.string()), 0, 0};
  const Source source(config::read_config_file(path, whole_file), path.string());
  std::error_code error;
  fs::path canonical = fs::canonical(path, error);
  Includes includes(options, path.string(), error ? path : canonical);
  return parse_source(source, path.parent_path(), options, config::is_yaml(path, options.type), includes);
}

Element parse_text(std::string_view text, std::string file_name, const fs::path& include_base,
                   const ParseOptions& options) {
  const Source source(std::string(text), file_name);
  const bool yaml = config::is_yaml(file_name, options.type);
  Includes includes(options, std::move(file_name), {});
  return parse_source(source, include_base, options, yaml, includes);
}

}  // namespace logboom
