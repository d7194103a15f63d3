#include "cli/certs_names.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string_view>

#include <logboom/ascii.hpp>
#include <logboom/log.hpp>

#include "cli/options.hpp"

namespace logboom {

namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_client = 64;  // of a common name, in X.509

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

[[noreturn]] void refuse(const std::string& text, std::string_view why) { throw CliError(cat("'", text, "': ", why)); }

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// As it is usually written; empty: it is no address.
std::string address_text(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), bytes.data()) == 1)
      return ::inet_ntop(family, bytes.data(), out.data(), out.size());
  }
  return "";
}

void check_label(const std::string& text, std::string_view label) {
  if (label.empty()) refuse(text, "a name has no empty parts between its dots");
  if (label.size() > longest_label) refuse(text, "a part of a name is 63 characters at most");
  if (label.find('*') != std::string_view::npos)
    refuse(text, "* can only stand for the whole first part, as in *.example.com");
  for (const char c : label) {
    if (static_cast<unsigned char>(c) >= 0x80)
      refuse(text, "a name with other letters than a to z must be written in its xn-- form");
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
      refuse(text, cat("a name can't have '", std::string(1, c), "' in it"));
  }
  if (label.front() == '-' || label.back() == '-') refuse(text, "a part of a name neither begins nor ends with -");
}

/// What is often given by mistake, before it is taken for a strange name.
void check_shape(const std::string& text) {
  if (text.empty()) throw CliError("a name or an address is empty");
  if (text.find("://") != std::string::npos)
    refuse(text, "this is a URL; only the name or the address in it is wanted");
  if (text.find('/') != std::string::npos) refuse(text, "a network can't be certified; give each address or name");
  if (text.find('%') != std::string::npos) refuse(text, "an address in a certificate has no interface");
  if (text.find(':') != std::string::npos) refuse(text, "this is no IPv6 address, and a certificate has no ports");
}

void check_dns_name(const std::string& text) {
  check_shape(text);
  if (text.size() > longest_name) refuse(text, "a name is 253 characters at most");
  std::string_view rest = text;
  const bool wildcard = rest.starts_with("*.");
  if (wildcard) rest.remove_prefix(2);
  if (wildcard && rest.find('.') == std::string_view::npos)
    refuse(text, "a wildcard needs two parts behind it, as in *.example.com; clients refuse others");
  for (std::size_t at = 0; at <= rest.size();) {
    const std::size_t end = std::min(rest.find('.', at), rest.size());
    check_label(text, rest.substr(at, end - at));
    at = end + 1;
  }
  const std::string_view last = rest.substr(rest.rfind('.') + 1);
  if (std::all_of(last.begin(), last.end(), is_digit)) refuse(text, "this is neither an IPv4 address nor a name");
}

}  // namespace

std::string AltName::entry() const {
  const char* const prefix = kind == Kind::dns ? "DNS:" : kind == Kind::address ? "IP:" : "email:";
  return prefix + text;
}

AltName server_name(const std::string& text) {
  const bool brackets = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string inner = brackets ? text.substr(1, text.size() - 2) : text;
  if (std::string address = address_text(inner); !address.empty()) return {AltName::Kind::address, std::move(address)};
  check_dns_name(text);
  return {AltName::Kind::dns, lower(text)};
}

std::vector<AltName> server_names(const std::vector<std::string>& texts) {
  std::vector<AltName> names;
  for (const std::string& text : texts) {
    AltName name = server_name(text);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

std::string client_name(const std::string& text) {
  if (text.empty()) throw CliError("the client's name is empty");
  if (text.size() > longest_client) refuse(text, "a client's name is 64 characters at most");
  for (const char c : text) {
    if (!is_letter(c) && !is_digit(c) && std::string_view("._-@").find(c) == std::string_view::npos)
      refuse(text, "a client's name has only letters, digits and . _ - @ in it");
  }
  if (text.front() == '.' || text.front() == '-') refuse(text, "a client's name begins with a letter or a digit");
  return text;
}

std::vector<AltName> client_alt_names(const std::string& name) {
  const std::size_t at = name.find('@');
  try {
    if (at == std::string::npos) return {server_name(name)};
    check_dns_name(name.substr(at + 1));
    if (at > 0) return {{AltName::Kind::mail, name}};
  } catch (const CliError&) {
  }
  return {};
}

std::string file_stem(const std::string& name) {
  std::string stem = name.starts_with("*.") ? "_wildcard" + name.substr(1) : name;
  std::replace(stem.begin(), stem.end(), ':', '_');
  return stem;
}

bool covers(const std::vector<AltName>& have, const AltName& wanted) {
  return std::any_of(have.begin(), have.end(), [&wanted](const AltName& each) {
    if (each == wanted) return true;
    if (each.kind != AltName::Kind::dns || wanted.kind != AltName::Kind::dns || !each.text.starts_with("*."))
      return false;
    const std::size_t dot = wanted.text.find('.');
    return dot != std::string::npos && !wanted.text.starts_with("*.") && wanted.text.substr(dot) == each.text.substr(1);
  });
}

}  // namespace logboom
