#include "base/expression_library.hpp"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <stdexcept>

#include <logboom/ascii.hpp>

#include "base/expression_machine.hpp"

namespace logboom::expression {
namespace {

constexpr LibraryFunction functions[] = {
    {"Time", "parse", Library::time_parse, 1, 1},
    {"Time", "strptime", Library::time_strptime, 2, 2},
    {"Time", "iso8601", Library::time_iso8601, 1, 1},
    {"Time", "xmlschema", Library::time_iso8601, 1, 1},
    {"DateTime", "parse", Library::date_time_parse, 1, 1},
    {"DateTime", "iso8601", Library::date_time_parse, 1, 1},
    {"DateTime", "strptime", Library::date_time_strptime, 2, 2},
    {"Base64", "encode64", Library::base64_encode, 1, 1},
    {"Base64", "strict_encode64", Library::base64_strict_encode, 1, 1},
    {"Base64", "urlsafe_encode64", Library::base64_url_encode, 1, 1},
    {"Base64", "decode64", Library::base64_decode, 1, 1},
    {"Base64", "strict_decode64", Library::base64_strict_decode, 1, 1},
    {"Base64", "urlsafe_decode64", Library::base64_url_decode, 1, 1},
    {"CGI", "escape", Library::escape, 1, 1},
    {"CGI", "unescape", Library::unescape, 1, 1},
    {"URI", "encode_www_form_component", Library::form_escape, 1, 1},
    {"URI", "decode_www_form_component", Library::form_unescape, 1, 1},
    {"Digest::MD5", "hexdigest", Library::md5, 1, 1},
    {"Digest::SHA1", "hexdigest", Library::sha1, 1, 1},
    {"Digest::SHA256", "hexdigest", Library::sha256, 1, 1},
    {"Digest::SHA512", "hexdigest", Library::sha512, 1, 1},
    {"SecureRandom", "uuid", Library::uuid, 0, 0},
    {"SecureRandom", "hex", Library::random_hex, 0, 1},
};

constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<std::uint8_t>(bytes[i + j]) : 0U);
    for (unsigned j = 0; j < 4; ++j) {
      out += i + j <= bytes.size() ? base64_digits[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return out;
}

/// Characters that are no digits are passed over, and what is behind a `=` does not count.
std::string from_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit = base64_digits.find(c);
    if (digit == std::string_view::npos) continue;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

/// None where the text is not exactly what to_base64 writes.
std::optional<std::string> from_strict_base64(std::string_view text) {
  std::string bytes = from_base64(text);
  return to_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

/// The same text with other characters for two of the digits.
std::string with_digits(std::string base64, std::string_view from, std::string_view to) {
  for (char& c : base64) {
    if (const std::size_t at = from.find(c); at != std::string_view::npos) c = to[at];
  }
  return base64;
}

std::string in_lines(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 60) out += text.substr(at, 60) + "\n";
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<std::uint8_t>(c) >> 4];
    out += "0123456789abcdef"[static_cast<std::uint8_t>(c) & 15];
  }
  return out;
}

std::string percent_encoded(std::string_view text, std::string_view kept) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || kept.find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      std::string digits = hex({&c, 1});
      for (char& digit : digits) digit = static_cast<char>(std::toupper(static_cast<unsigned char>(digit)));
      out += "%" + digits;
    }
  }
  return out;
}

/// None at a `%` without two digits, where `lenient` lets it stand.
std::optional<std::string> percent_decoded(std::string_view text, bool lenient) {
  const auto value = [](char c) {
    return std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const std::size_t high = i + 2 < text.size() ? value(text[i + 1]) : std::string_view::npos;
    const std::size_t low = i + 2 < text.size() ? value(text[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      if (!lenient) return std::nullopt;
      out += '%';
      continue;
    }
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

std::string digest(const EVP_MD* kind, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, kind, nullptr) != 1) return {};
  return hex({reinterpret_cast<const char*>(bytes.data()), size});
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (getentropy(bytes.data(), count) != 0) throw std::runtime_error("there are no random bytes");
  return bytes;
}

std::string uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text = hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

/// The zone that a text of a time ends with: `Z`, `UTC`, `GMT`, `+09`, `+0900` or `+09:00`.
std::int32_t zone_of(std::string_view text, std::int32_t otherwise) {
  const std::size_t last = text.find_last_not_of(" \t\n");
  text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  const std::size_t blank = text.find_last_of(' ');
  const std::string_view word = blank == std::string_view::npos ? text : text.substr(blank + 1);
  if (word == "UTC" || word == "Z") return zone_utc;
  if (word == "GMT") return 0;
  if (word.size() > 1 && word.back() == 'Z' && is_digit(word[word.size() - 2])) return zone_utc;
  const std::size_t sign = word.find_last_of("+-");
  if (sign == std::string_view::npos) return otherwise;
  // A date has the same signs.
  if (sign != 0 && word.substr(0, sign).find_first_of(":T") == std::string_view::npos) return otherwise;
  std::string digits(word.substr(sign + 1));
  if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
  if (digits.size() == 2) digits += "00";
  if (digits.size() != 4 || !std::all_of(digits.begin(), digits.end(), is_digit)) return otherwise;
  const std::int32_t offset = std::stoi(digits.substr(0, 2)) * 3600 + std::stoi(digits.substr(2)) * 60;
  return word[sign] == '-' ? -offset : offset;
}

}  // namespace

const LibraryFunction* find_library_function(std::string_view module, std::string_view name) {
  const auto* found = std::find_if(std::begin(functions), std::end(functions),
                                   [&](const LibraryFunction& f) { return f.module == module && f.name == name; });
  return found == std::end(functions) ? nullptr : found;
}

std::string library_functions(std::string_view module) {
  std::string names;
  for (const LibraryFunction& each : functions) {
    if (each.module == module) names.append(names.empty() ? "" : ", ").append(each.name);
  }
  return names;
}

bool is_library(std::string_view name) {
  constexpr std::string_view known[] = {"base64",      "cgi",         "date", "digest", "digest/md5",
                                        "digest/sha1", "digest/sha2", "json", "oj",     "securerandom",
                                        "set",         "socket",      "time", "uri",    "yajl"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

/// The parser of a format, by zone: UTC or the settings' one.
TimeParser& Machine::time_parser(std::string_view format, bool utc) {
  for (TimeText& known : time_parsers_) {
    if (known.utc == utc && known.format == format) return known.parser;
  }
  constexpr std::size_t most = 32;
  TimeParser made = TimeParser::compile(format, utc ? TimeZone::utc() : zone_);
  if (time_parsers_.size() == most) time_parsers_.erase(time_parsers_.begin());
  time_parsers_.push_back({std::string(format), utc, std::move(made)});
  return time_parsers_.back().parser;
}

Val Machine::read_time(std::string_view text, std::string_view format, bool date_time) {
  EventTime time;
  try {
    if (!time_parser(format, date_time).parse(text, time)) {
      return fail("ArgumentError: \"" + std::string(text) + "\" is no time" +
                  (format.empty() ? "" : " of the format ") + std::string(format));
    }
  } catch (const std::invalid_argument& error) {
    return fail("ArgumentError: " + std::string(error.what()));
  }
  std::int32_t zone = zone_of(text, date_time ? 0 : zone_local);
  if (date_time && zone == zone_utc) zone = 0;
  Val value = Val::of(time, zone);
  value.exclusive = date_time;
  return value;
}

Val Machine::library(const Node& node) {
  Val args[2];
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    args[i] = eval(*node.children[i]);
    if (args[i].is_error()) return args[i];
  }
  const auto function = static_cast<Library>(node.number);
  if (function == Library::random_hex) {
    const std::int64_t count = node.children.empty() || args[0].is_nil() ? 16 : args[0].integer;
    if (!node.children.empty() && args[0].kind != Kind::integer && !args[0].is_nil())
      return wrong_type("Integer", args[0]);
    if (count < 0 || count > 256) return fail("SecureRandom.hex gives 256 bytes at most");
    return this->text(hex(random_bytes(static_cast<std::size_t>(count))));
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (args[i].kind != Kind::string) return wrong_type("String", args[i]);
  }
  const std::string_view text = args[0].kind == Kind::string ? args[0].text() : std::string_view();
  if (!has_room(text.size(), 4)) return Val::failed();
  return library_text(function, text, node.children.size() == 2 ? args[1].text() : std::string_view());
}

Val Machine::library_text(Library function, std::string_view text, std::string_view format) {
  const auto made = [this](const std::optional<std::string>& result, const char* error) {
    return result ? this->text(*result) : fail(std::string("ArgumentError: ") + error);
  };
  switch (function) {
    case Library::time_parse: return read_time(text, "", false);
    case Library::time_strptime: return read_time(text, format, false);
    case Library::time_iso8601: return read_time(text, "iso8601", false);
    case Library::date_time_parse: return read_time(text, "", true);
    case Library::date_time_strptime: return read_time(text, format, true);
    case Library::base64_encode: return this->text(in_lines(to_base64(text)));
    case Library::base64_strict_encode: return this->text(to_base64(text));
    case Library::base64_url_encode: return this->text(with_digits(to_base64(text), "+/", "-_"));
    case Library::base64_decode: return this->text(from_base64(text));
    case Library::base64_strict_decode: return made(from_strict_base64(text), "invalid base64");
    case Library::base64_url_decode: {
      std::string standard = with_digits(std::string(text), "-_", "+/");
      while (standard.size() % 4 != 0) standard += '=';
      return made(from_strict_base64(standard), "invalid base64");
    }
    case Library::escape: return this->text(percent_encoded(text, "_.-~"));
    case Library::unescape: return made(percent_decoded(text, true), "");
    case Library::form_escape: return this->text(percent_encoded(text, "*-._"));
    case Library::form_unescape: return made(percent_decoded(text, false), "invalid %-encoding");
    case Library::md5: return this->text(digest(EVP_md5(), text));
    case Library::sha1: return this->text(digest(EVP_sha1(), text));
    case Library::sha256: return this->text(digest(EVP_sha256(), text));
    case Library::sha512: return this->text(digest(EVP_sha512(), text));
    case Library::uuid: return this->text(uuid());
    case Library::random_hex: break;
  }
  return {};
}

}  // namespace logboom::expression
