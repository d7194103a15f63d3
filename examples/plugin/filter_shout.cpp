// A filter that writes one field in capitals and drops events without it:
//
//   <filter app.**>
//     @type shout
//     key log
//   </filter>
#include <string>
#include <string_view>
#include <utility>

#include <logboom/filter.hpp>
#include <logboom/per_worker.hpp>
#include <logboom/plugin_library.hpp>
#include <logboom/record_editor.hpp>

namespace {

class Shout final : public logboom::Filter {
 public:
  struct Options {
    std::string key = "log";
    unsigned marks = 1;

    static void describe(logboom::Describe<Options>& d) {
      d.param("key", &Options::key, "The field that is written in capitals.");
      d.param("marks", &Options::marks, "How many exclamation marks follow.").range(0, 10);
    }
  };

  Shout(Options options, logboom::BuildContext& context) : options_(std::move(options)), tools_(context) {}

  void apply(const logboom::EventBatch& batch, logboom::FilterSink& sink) override {
    Tools& tools = tools_.at(sink.worker());
    batch.for_each([&](const logboom::Event& event) {
      const logboom::msgpack::Value text = event.record.find(options_.key);
      if (!text || !text.is_text()) return sink.drop(event);
      tools.editor.start(event.record);
      tools.editor.set(options_.key, loud(text.text()));
      tools.record.clear();
      tools.editor.write(tools.record);
      sink.replace(event, event.time, tools.record.text());
    });
  }

 private:
  /// Several workers may be in `apply` at once: what it needs is there once for each.
  struct Tools {
    logboom::RecordEditor editor;
    logboom::OutBuffer record;
  };

  std::string loud(std::string_view text) const {
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out.append(options_.marks, '!');
  }

  Options options_;
  logboom::PerWorker<Tools> tools_;
};

}  // namespace

LOGBOOM_PLUGIN_LIBRARY(plugins) {
  plugins.push_back(logboom::describe_plugin<Shout>(logboom::PluginKind::filter, "shout",
                                                    "Writes a field in capitals, and drops events without it."));
}
