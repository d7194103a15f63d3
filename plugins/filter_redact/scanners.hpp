#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// What looks like a secret or a person in any text. Each search is linear in the text.
namespace logboom::plugins::redact {

enum class Kind : std::uint8_t { email, ipv4, ipv6, credit_card, jwt, aws_key };

std::optional<Kind> kind_of(std::string_view name) noexcept;

struct Found {
  std::size_t begin = std::string_view::npos;
  std::size_t end = std::string_view::npos;
  explicit operator bool() const noexcept { return begin != std::string_view::npos; }
};

/// The first one that begins at `from` or behind. What stands before `from` counts as context.
///
/// - email: local part of letters, digits and `._%+-`, 64 at most; a domain with a dot and a top level of letters
/// - ipv4: four numbers up to 255, not part of a longer dotted number
/// - ipv6: what inet_pton takes, with a digit in it
/// - credit_card: 13 to 19 digits, single blanks or hyphens between, that begin with 2 to 6 and pass Luhn's check
/// - jwt: three base64url parts with dots between, of which the first begins with `eyJ` (RFC 7519)
/// - aws_key: access key IDs (AKIA…, ASIA… and so on), and 40 characters behind `secret_access_key`
Found find(Kind kind, std::string_view text, std::size_t from) noexcept;

}  // namespace logboom::plugins::redact
