#include "options.hpp"

#include <array>

namespace logboom::concat {

void Options::describe(Describe<Options>& d) {
  d.param("key", &Options::key, "The field whose texts are joined.").required();
  d.param("separator", &Options::separator,
          "What is put between the texts; not given: a line end, and nothing between the fragments of one line "
          "(partial_key, use_partial_metadata, use_partial_cri_logtag).");
  d.param("n_lines", &Options::n_lines, "So many events become one.").range(1, 1'000'000);
  d.param("multiline_start_regexp", &Options::multiline_start_regexp, "Matches the first line of an event.");
  d.param("multiline_end_regexp", &Options::multiline_end_regexp, "Matches the last line of an event.");
  d.param("continuous_line_regexp", &Options::continuous_line_regexp,
          "Matches the lines between; another line ends what is held. Not given: every line.");
  d.param("stream_identity_key", &Options::stream_identity_key,
          "A field that tells streams of one tag apart, such as container_id: only events of one stream are joined.");
  d.param("flush_interval", &Options::flush_interval,
          "What is held is given up when no event of its stream came for so long; 0: never.");
  d.param(
      "timeout_label", &Options::timeout_label,
      "The label that gets what timed out, and what is held at the end. Not given: lines go to @ERROR, fragments of "
      "one line go on as they are.");
  d.param("use_first_timestamp", &Options::use_first_timestamp,
          "The time of a joined event is that of its first; else that of the event which completed it.");
  d.param("partial_key", &Options::partial_key, "A field that says whether more fragments follow.");
  d.param("partial_value", &Options::partial_value, "Its value where they do.");
  d.param("keep_partial_key", &Options::keep_partial_key, "Leave partial_key or partial_cri_logtag_key in the record.");
  d.param("use_partial_metadata", &Options::use_partial_metadata,
          "Join the fragments of lines that Docker has cut, by the fields that it adds.");
  d.choice("partial_metadata_format", &Options::partial_metadata_format,
           {{"docker-fluentd", MetadataFormat::docker_fluentd},
            {"docker-journald", MetadataFormat::docker_journald},
            {"docker-journald-lowercase", MetadataFormat::docker_journald_lowercase}},
           "Which log driver's names these fields have.");
  d.param("keep_partial_metadata", &Options::keep_partial_metadata, "Leave these fields in the record.");
  d.param("use_partial_cri_logtag", &Options::use_partial_cri_logtag,
          "Join the fragments of lines by the tag P or F of Kubernetes' runtimes.");
  d.param("partial_cri_logtag_key", &Options::partial_cri_logtag_key, "The field that has this tag.");
  d.param("partial_cri_stream_key", &Options::partial_cri_stream_key,
          "The field that says stdout or stderr; it is left out of joined records.");
  d.param("max_event_size", &Options::max_event_size,
          "The longest joined text; what would be longer goes on in several events.");
  d.param("max_held_size", &Options::max_held_size,
          "The memory for everything that is held; beyond it events go on unjoined.");
  d.param("max_streams", &Options::max_streams, "The most streams of which something is held.").range(1, 10'000'000);
}

const SourcePos& position(const Element& element, std::string_view parameter) {
  const Attribute* attribute = element.find(parameter);
  return attribute != nullptr ? attribute->value_pos : element.pos;
}

Mode Options::mode(const Element& element) const {
  struct Choice {
    Mode mode;
    std::string_view parameter;
    bool given;
  };
  const std::array<Choice, 6> choices{{
      {Mode::lines, "n_lines", n_lines.has_value()},
      {Mode::regexps, "multiline_start_regexp", multiline_start_regexp.has_value()},
      {Mode::regexps, "multiline_end_regexp", multiline_end_regexp.has_value()},
      {Mode::partial, "partial_key", partial_key.has_value()},
      {Mode::metadata, "use_partial_metadata", use_partial_metadata},
      {Mode::cri, "use_partial_cri_logtag", use_partial_cri_logtag},
  }};
  const Choice* chosen = nullptr;
  for (const Choice& choice : choices) {
    if (!choice.given) continue;
    if (chosen != nullptr && chosen->mode != choice.mode) {
      throw ConfigError(position(element, choice.parameter),
                        cat(chosen->parameter, " and ", choice.parameter, " exclude each other; leave one out"));
    }
    chosen = &choice;
  }
  if (chosen == nullptr) {
    throw ConfigError(element.pos,
                      "nothing says which events belong together: give n_lines, multiline_start_regexp, "
                      "multiline_end_regexp, partial_key, use_partial_metadata or use_partial_cri_logtag");
  }
  const auto needs = [&](std::string_view parameter, bool given) {
    if (!given) throw ConfigError(position(element, chosen->parameter), cat(chosen->parameter, " needs ", parameter));
  };
  if (chosen->mode == Mode::partial) needs("partial_value", partial_value.has_value());
  if (chosen->mode == Mode::cri) needs("partial_cri_logtag_key", partial_cri_logtag_key.has_value());
  return chosen->mode;
}

}  // namespace logboom::concat
