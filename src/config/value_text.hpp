#pragma once

#include <logboom/config_element.hpp>

#include <string>
#include <string_view>

namespace logboom::config {

/// The attribute's value without white space around it. Throws ConfigError when it is nil.
std::string_view value_of(const Attribute& attribute, std::string_view expected);

/// "parameter 'key': expected <expected> but found 'value'", at the value.
[[noreturn]] void fail_expected(const Attribute& attribute, std::string_view expected, std::string_view hint = {});

/// "parameter 'key': <message>", at the value.
[[noreturn]] void fail_value(const Attribute& attribute, std::string message);

}  // namespace logboom::config
