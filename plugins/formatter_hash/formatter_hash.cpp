#include <logboom/formatter.hpp>
#include <logboom/time_options.hpp>

#include "ruby_inspect.hpp"

namespace logboom::plugins {
namespace {

class HashFormatter : public Formatter {
 public:
  struct Options {
    bool add_newline = true;
    Newline newline = Newline::lf;

    static void describe(Describe<Options>& d) {
      d.param("add_newline", &Options::add_newline, "End each event with a line end.");
      d.choice("newline", &Options::newline, {{"lf", Newline::lf}, {"crlf", Newline::crlf}}, "The line end.");
    }
  };

  HashFormatter(const Options& options, BuildContext&)
      : line_end_(options.add_newline ? to_text(options.newline) : "") {}

  bool format(std::string_view, const Event& event, OutBuffer& out) override {
    formatter_hash::append_inspect(out, event.record.value());
    out.append(line_end_);
    return true;
  }

 private:
  std::string_view line_end_;
};

}  // namespace

PluginInfo formatter_hash() {
  return describe_plugin<HashFormatter>(PluginKind::formatter, "hash", "The record in Ruby's notation of a hash.");
}

}  // namespace logboom::plugins
