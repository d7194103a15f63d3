#pragma once

#include "config/embedded.hpp"
#include "config/parser.hpp"
#include "config/source.hpp"

#include <string>

namespace logboom::config {

/// `"…"` at the cursor: escapes, line breaks, `\` at a line's end, `#{…}`. Moves behind the closing quote.
Literal scan_double_quoted(Cursor& cursor, const ParseOptions& options);

/// The whole text as if it stood in double quotes; a quote in it is text.
Literal scan_unquoted_text(Cursor& cursor, const ParseOptions& options);

/// `'…'` at the cursor, on one line. Moves behind the closing quote.
std::string scan_single_quoted(Cursor& cursor);

/// Text up to the line's end or to a `#` after white space, without the white space around it.
std::string scan_plain_value(Cursor& cursor);

/// Text up to white space.
std::string scan_plain_key(Cursor& cursor);

/// Text up to `>` or the line's end, without the white space around it.
std::string scan_plain_argument(Cursor& cursor);

/// JSON from `[` or `{` to its end, as text without comments and needless white space. Comments: `# …`, `// …` and
/// `/* … */`. `#{…}` is evaluated in strings and in place of an object's value when there are `options`, and is
/// ordinary text without them.
std::string scan_json(Cursor& cursor, const ParseOptions* options);

/// Text as a JSON string, quotes included; what is not UTF-8 becomes U+FFFD.
std::string json_string(const std::string& text);

}  // namespace logboom::config
