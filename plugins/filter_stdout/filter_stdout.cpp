#include <unistd.h>

#include <logboom/filter.hpp>
#include <logboom/formatter.hpp>
#include <logboom/inject.hpp>
#include <logboom/per_worker.hpp>

#include "printer.hpp"

namespace logboom::plugins {
namespace {

constexpr std::size_t most_queued = std::size_t{8} << 20;

class StdoutFilter : public Filter {
 public:
  struct Options {
    PluginSection format{"stdout", nullptr};
    std::optional<InjectOptions> inject;

    static void describe(Describe<Options>& d) {
      d.plugin("format", &Options::format, PluginKind::formatter, "How an event is printed; its line end included.");
      d.section("inject", &Options::inject, inject_doc);
    }
  };

  StdoutFilter(const Options& options, BuildContext& context)
      : workers_(make_workers(options, context)), printer_(STDOUT_FILENO, most_queued, context.id(), context.log()) {
    context.metrics().counter("logboom_filter_stdout_printed_total", context.labels(), printer_.printed());
    context.metrics().counter("logboom_filter_stdout_not_printed_total", context.labels(), printer_.dropped());
  }

  void apply(const EventBatch& batch, FilterSink& sink) override {
    Worker& worker = workers_.at(sink.worker());
    const std::string_view tag = batch.tag().text();
    std::uint64_t lines = 0;
    worker.text.clear();
    batch.for_each([&](const Event& event) {
      lines += worker.formatter->format(tag, worker.injector.apply(tag, event), worker.text) ? 1U : 0U;
      sink.keep(event);
    });
    printer_.print(worker.text.text(), lines);
  }

 private:
  struct Worker {
    std::unique_ptr<Formatter> formatter;
    Injector injector;
    OutBuffer text;
  };

  static PerWorker<Worker> make_workers(const Options& options, BuildContext& context) {
    const BuildContext::FormatterFactory make = context.formatter(options.format);
    return PerWorker<Worker>(context, [&] {
      return std::make_unique<Worker>(
          Worker{make(), Injector(options.inject, context.element(), context.system()), OutBuffer()});
    });
  }

  PerWorker<Worker> workers_;
  Printer printer_;
};

}  // namespace

PluginInfo filter_stdout() {
  return describe_plugin<StdoutFilter>(PluginKind::filter, "stdout",
                                       "Prints events to the standard output and lets them pass.");
}

}  // namespace logboom::plugins
