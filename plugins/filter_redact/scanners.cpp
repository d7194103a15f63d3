#include "scanners.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace logboom::plugins::redact {
namespace {

constexpr std::size_t npos = std::string_view::npos;

enum Class : std::uint8_t { digit = 1, letter = 2, hex = 4, base64url = 8, local = 16, upper = 32, domain = 64 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](char c, unsigned bits) {
    auto& slot = classes[static_cast<unsigned char>(c)];
    slot = static_cast<std::uint8_t>(slot | bits);
  };
  for (char c = '0'; c <= '9'; ++c) add(c, digit | hex | base64url | local | domain);
  for (char c = 'a'; c <= 'z'; ++c) add(c, letter | base64url | local | domain);
  for (char c = 'A'; c <= 'Z'; ++c) add(c, letter | base64url | local | domain | upper);
  for (char c = 'a'; c <= 'f'; ++c) add(c, hex);
  for (char c = 'A'; c <= 'F'; ++c) add(c, hex);
  add('-', base64url | local | domain);
  add('_', base64url | local);
  for (const char c : {'.', '%', '+'}) add(c, local);
  return classes;
}
constexpr std::array<std::uint8_t, 256> classes = make_classes();

bool is(char c, unsigned bits) noexcept { return (classes[static_cast<unsigned char>(c)] & bits) != 0; }
bool is_at(std::string_view text, std::size_t at, unsigned bits) noexcept {
  return at < text.size() && is(text[at], bits);
}
/// The end of the run of such characters from `at` on.
std::size_t run_end(std::string_view text, std::size_t at, unsigned bits) noexcept {
  while (is_at(text, at, bits)) ++at;
  return at;
}
bool after_word(std::string_view text, std::size_t at) noexcept { return at > 0 && is(text[at - 1], digit | letter); }

/// The end of a domain with a dot in it and two letters at least at its end; npos where there is none.
std::size_t domain_end(std::string_view text, std::size_t at) noexcept {
  constexpr std::size_t longest = 253;
  const std::string_view window = text.substr(0, std::min(text.size(), at + longest));
  std::size_t good = npos;
  for (bool first = true;; first = false) {
    const std::size_t label = at;
    at = run_end(window, at, domain);
    while (at > label && window[at - 1] == '-') --at;
    if (at == label || window[label] == '-') return good;
    const bool letters = at - label >= 2 && run_end(window, label, letter) == at;
    if (!first && letters) good = at;
    if (at >= window.size() || window[at] != '.') return good;
    ++at;
  }
}

Found find_email(std::string_view text, std::size_t from) noexcept {
  constexpr std::size_t longest = 64;
  for (std::size_t at = text.find('@', from); at != npos; at = text.find('@', at + 1)) {
    std::size_t begin = at;
    while (begin > from && at - begin < longest && is(text[begin - 1], local)) --begin;
    while (begin < at && text[begin] == '.') ++begin;
    if (begin == at || text[at - 1] == '.') continue;
    if (const std::size_t end = domain_end(text, at + 1); end != npos) return {begin, end};
  }
  return {};
}

/// The end of a dotted IPv4 address at `at`.
std::size_t ipv4_end(std::string_view text, std::size_t at) noexcept {
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != '.')) return npos;
    unsigned number = 0;
    const std::size_t begin = at;
    for (; is_at(text, at, digit) && at - begin < 4; ++at) number = number * 10 + static_cast<unsigned>(text[at] - '0');
    if (at == begin || at - begin > 3 || number > 255) return npos;
  }
  if (is_at(text, at, digit | letter)) return npos;
  return at < text.size() && text[at] == '.' && is_at(text, at + 1, digit) ? npos : at;
}

Found find_ipv4(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (!is(text[at], digit)) continue;
    const bool inside = after_word(text, at) || (at > 1 && text[at - 1] == '.' && is(text[at - 2], digit));
    if (const std::size_t end = inside ? npos : ipv4_end(text, at); end != npos) return {at, end};
    at = run_end(text, at, digit) - 1;
  }
  return {};
}

bool is_ipv6(std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN + 1];
  if (text.size() >= sizeof copy || std::none_of(text.begin(), text.end(), [](char c) { return is(c, digit); })) {
    return false;
  }
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  in6_addr address;
  return ::inet_pton(AF_INET6, copy, &address) == 1;
}

Found find_ipv6(std::string_view text, std::size_t from) noexcept {
  const auto belongs = [&](std::size_t at) {
    return is_at(text, at, hex) || (at < text.size() && (text[at] == ':' || text[at] == '.'));
  };
  for (std::size_t at = from; at < text.size();) {
    if (!belongs(at)) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    while (belongs(at)) ++at;
    std::size_t end = at;
    while (begin < end && text[begin] == '.') ++begin;
    if (end - begin > 1 && text[begin] == ':' && text[begin + 1] != ':') ++begin;
    while (end > begin && text[end - 1] == '.') --end;
    if (end - begin > 1 && text[end - 1] == ':' && text[end - 2] != ':') --end;
    if (after_word(text, begin) || is_at(text, end, digit | letter)) continue;
    if (is_ipv6(text.substr(begin, end - begin))) return {begin, end};
  }
  return {};
}

/// The end of the longest card number at `at`.
std::size_t card_end(std::string_view text, std::size_t at) noexcept {
  constexpr unsigned fewest = 13;
  constexpr unsigned most = 19;
  std::size_t good = npos;
  unsigned count = 0;
  // Luhn's sum depends on how many digits follow: both are kept, of which the last digit's parity chooses one.
  unsigned sums[2] = {0, 0};
  char separator = '\0';
  for (; count < most && is_at(text, at, digit); ++at) {
    const auto value = static_cast<unsigned>(text[at] - '0');
    const unsigned twice = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sums[count % 2] += value;
    sums[1 - count % 2] += twice;
    ++count;
    const bool ends = !is_at(text, at + 1, digit | letter);
    if (count >= fewest && ends && sums[(count - 1) % 2] % 10 == 0) good = at + 1;
    const bool separated = at + 1 < text.size() && (text[at + 1] == ' ' || text[at + 1] == '-');
    if (separated && (separator == '\0' || separator == text[at + 1])) separator = text[++at];
  }
  return good;
}

Found find_card(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (!is(text[at], digit)) continue;
    const bool starts = text[at] >= '2' && text[at] <= '6' && !after_word(text, at);
    if (const std::size_t end = starts ? card_end(text, at) : npos; end != npos) return {at, end};
    at = run_end(text, at, digit) - 1;
  }
  return {};
}

Found find_jwt(std::string_view text, std::size_t from) noexcept {
  constexpr std::size_t shortest = 10;
  for (std::size_t at = text.find("eyJ", from); at != npos; at = text.find("eyJ", at)) {
    const std::size_t header = run_end(text, at, base64url);
    const std::size_t begin = std::exchange(at, header);
    if (begin > 0 && is(text[begin - 1], base64url)) continue;
    if (header - begin < shortest || header >= text.size() || text[header] != '.') continue;
    const std::size_t payload = run_end(text, header + 1, base64url);
    if (payload - header <= shortest || payload >= text.size() || text[payload] != '.') continue;
    return {begin, run_end(text, payload + 1, base64url)};
  }
  return {};
}

bool starts_with_any_case(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char a, char b) { return a == (is(b, upper) ? static_cast<char>(b | 0x20) : b); });
}

/// The secret behind a name such as aws_secret_access_key, of which `at` is the `s` of "secret".
Found secret_behind(std::string_view text, std::size_t at) noexcept {
  constexpr std::size_t size = 40;
  constexpr std::size_t most_between = 8;
  const std::string_view rest = text.substr(at);
  for (const std::string_view name : {"secret_access_key", "secretaccesskey"}) {
    if (!starts_with_any_case(rest, name)) continue;
    std::size_t begin = at + name.size();
    for (std::size_t i = 0; i < most_between && begin < text.size(); ++i, ++begin) {
      if (std::string_view(" \t\"':=>\\").find(text[begin]) == npos) break;
    }
    std::size_t end = begin;
    while (end < text.size() && end - begin <= size &&
           (is(text[end], digit | letter) || text[end] == '/' || text[end] == '+')) {
      ++end;
    }
    if (end - begin == size) return {begin, end};
  }
  return {};
}

bool is_key_id(std::string_view text) noexcept {
  constexpr std::size_t size = 20;
  if (text.size() < size) return false;
  const std::string_view prefix = text.substr(0, 4);
  constexpr std::array<std::string_view, 8> prefixes{"AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ANPA", "ANVA", "AIPA"};
  if (std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end()) return false;
  return run_end(text, 0, upper | digit) == size && !is_at(text, size, letter);
}

Found find_aws_key(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = from; at < text.size(); ++at) {
    if (text[at] == 'A' && !after_word(text, at) && is_key_id(text.substr(at, 21))) return {at, at + 20};
    if (text[at] == 's' || text[at] == 'S') {
      if (const Found secret = secret_behind(text, at)) return secret;
    }
  }
  return {};
}

}  // namespace

std::optional<Kind> kind_of(std::string_view name) noexcept {
  constexpr std::array<std::pair<std::string_view, Kind>, 6> names{{{"email", Kind::email},
                                                                    {"ipv4", Kind::ipv4},
                                                                    {"ipv6", Kind::ipv6},
                                                                    {"credit_card", Kind::credit_card},
                                                                    {"jwt", Kind::jwt},
                                                                    {"aws_key", Kind::aws_key}}};
  for (const auto& [known, kind] : names) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

Found find(Kind kind, std::string_view text, std::size_t from) noexcept {
  switch (kind) {
    case Kind::email: return find_email(text, from);
    case Kind::ipv4: return find_ipv4(text, from);
    case Kind::ipv6: return find_ipv6(text, from);
    case Kind::credit_card: return find_card(text, from);
    case Kind::jwt: return find_jwt(text, from);
    case Kind::aws_key: return find_aws_key(text, from);
  }
  return {};
}

}  // namespace logboom::plugins::redact
