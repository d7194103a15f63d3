#pragma once

#include <string>
#include <vector>

namespace logboom {

/// One entry of a certificate's subjectAltName, as OpenSSL writes it: "DNS:a.example", "IP:::1", "email:a@b".
struct AltName {
  enum class Kind { dns, address, mail };
  Kind kind = Kind::dns;
  std::string text;

  std::string entry() const;
  bool operator==(const AltName&) const = default;
};

/// What a server is called: an IP address, or a DNS name, whose first label may be `*`. In lower case, without the
/// brackets of an IPv6 address. Throws CliError, which says what is wrong with the name.
AltName server_name(const std::string& text);
/// The same of all, each once.
std::vector<AltName> server_names(const std::vector<std::string>& texts);

/// Whom a client's certificate is for: letters, digits, `.`, `_`, `-` and `@`. Throws CliError.
std::string client_name(const std::string& text);
/// The alternative names of such a client: none where the name is neither a DNS name nor a mail address.
std::vector<AltName> client_alt_names(const std::string& name);

/// A file's name without its ending: `*.a.example` is `_wildcard.a.example`, and `::1` is `__1`.
std::string file_stem(const std::string& name);

/// Whether a certificate for `have` is good for `wanted`, too.
bool covers(const std::vector<AltName>& have, const AltName& wanted);

}  // namespace logboom
