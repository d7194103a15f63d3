#include "shared.hpp"

namespace logboom::in_syslog {

void Settings::set_names() {
  hostname_key = options.source_hostname_key;
  if (hostname_key.empty() && options.include_source_host) hostname_key = options.source_host_key;
  if (hostname_key.empty() && options.resolve_hostname.value_or(false)) hostname_key = "source_hostname";
  unmatched_tag = options.tag + ".unmatched";
  for (unsigned i = 0; i < tags.size(); ++i) {
    tags[i] = cat(options.tag, ".", syslog_facility_name(i >> 3), ".", syslog_severity_name(i & 7));
  }
}

}  // namespace logboom::in_syslog
