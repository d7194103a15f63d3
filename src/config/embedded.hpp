#pragma once

#include "config/parser.hpp"
#include "config/source.hpp"

#include <string>

namespace logboom::config {

/// A string of the configuration, or what stands for one.
struct Literal {
  std::string text;
  bool is_nil = false;
  bool is_default = false;
};

/// Evaluates the Ruby expression of `#{…}`; the cursor stands behind `#{` and moves behind `}`. The forms that
/// configurations use are understood, and everything else is refused with its position:
///
///   expression = term { "||" term }
///   term       = ENV['X'] | ENV.fetch('X' [, expression]) | hostname | Socket.gethostname | worker_id
///              | Time.now.to_i | use_nil | use_default | string | integer | nil | "(" expression ")"
/// Where the options collect what is refused, an empty text comes of it.
Literal evaluate_embedded(Cursor& cursor, const ParseOptions& options);

/// How many have been collected so far.
std::size_t refusals(const ParseOptions& options);

}  // namespace logboom::config
