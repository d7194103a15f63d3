#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>

#include "conditions.hpp"

namespace logboom::plugins {
namespace {

class GrepFilter : public Filter {
 public:
  using Options = grep::Options;

  GrepFilter(const Options& options, BuildContext& context)
      : conditions_(options, context.element()), scratch_(context) {}

  void apply(const EventBatch& batch, FilterSink& sink) override {
    grep::Scratch& scratch = scratch_.at(sink.worker());
    batch.for_each([&](const Event& event) {
      switch (conditions_.judge(event.record, scratch)) {
        case grep::Conditions::Verdict::keep: return sink.keep(event);
        case grep::Conditions::Verdict::drop: return sink.drop(event);
        case grep::Conditions::Verdict::unknown:
          return sink.fail(event, cat("grep: the search for /", scratch.gave_up, "/ took too long and was given up"));
      }
    });
  }

 private:
  grep::Conditions conditions_;
  PerWorker<grep::Scratch> scratch_;
};

}  // namespace

PluginInfo filter_grep() {
  return describe_plugin<GrepFilter>(PluginKind::filter, "grep", "Keeps or drops events by what their fields say.");
}

}  // namespace logboom::plugins
