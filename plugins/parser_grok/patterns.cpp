#include "patterns.hpp"

namespace logboom::grok {
namespace {

constexpr Pattern all[] = {
    // Names, words, numbers
    {"USERNAME", R"([\w.\-]+)"},
    {"USER", R"(%{USERNAME})"},
    {"EMAILLOCALPART", R"([\w!#$%&'*+/=?^`{|}~\-]+(?:\.[\w!#$%&'*+/=?^`{|}~\-]+)*)"},
    {"EMAILADDRESS", R"(%{EMAILLOCALPART}@%{HOSTNAME})"},
    {"INT", R"([+\-]?\d+)"},
    {"BASE10NUM", R"((?<![\d.+\-])[+\-]?(?:\d+(?:\.\d+)?|\.\d+))"},
    {"NUMBER", R"(%{BASE10NUM})"},
    {"BASE16NUM", R"((?<![0-9A-Fa-f])[+\-]?(?:0x)?[0-9A-Fa-f]+)"},
    {"BASE16FLOAT", R"(\b(?<![0-9A-Fa-f.])[+\-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b)"},
    {"POSINT", R"(\b[1-9]\d*\b)"},
    {"NONNEGINT", R"(\b\d+\b)"},
    {"WORD", R"(\b\w+\b)"},
    {"NOTSPACE", R"(\S+)"},
    {"SPACE", R"(\s*)"},
    {"DATA", R"(.*?)"},
    {"GREEDYDATA", R"(.*)"},
    {"QUOTEDSTRING", R"((?<!\\)(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`))"},
    {"QS", R"(%{QUOTEDSTRING})"},
    {"UUID", R"(\h{8}-\h{4}-\h{4}-\h{4}-\h{12})"},
    {"URN", R"(urn:[0-9A-Za-z][0-9A-Za-z\-]{0,31}:(?:%\h{2}|[\w()+,.:=@;$!*'/?#\-])+)"},

    // Networks
    {"CISCOMAC", R"((?:\h{4}\.){2}\h{4})"},
    {"WINDOWSMAC", R"((?:\h{2}-){5}\h{2})"},
    {"COMMONMAC", R"((?:\h{2}:){5}\h{2})"},
    {"MAC", R"((?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}))"},
    {"IPV4OCTET", R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))"},
    {"IPV4", R"((?<![\d.])(?:%{IPV4OCTET}\.){3}%{IPV4OCTET}(?!\d))"},
    {"IPV6END", R"((?:\h{1,4}:\h{1,4}|(?:%{IPV4OCTET}\.){3}%{IPV4OCTET}))"},
    {"IPV6", R"((?<![\h:])(?:(?:\h{1,4}:){6}%{IPV6END}|(?:\h{1,4}:){5}:\h{1,4}|::(?:\h{1,4}:){5}%{IPV6END})"
             R"(|(?:\h{1,4}:){1,4}(?::\h{1,4}){0,3}:%{IPV6END}|(?:\h{1,4}:){1,6}(?::\h{1,4}){1,6}|(?:\h{1,4}:){1,7}:)"
             R"(|:(?::\h{1,4}){1,7}|::(?:\h{1,4}:){0,4}%{IPV6END}|::)(?:%[0-9A-Za-z]+)?(?![\h:]))"},
    {"IP", R"((?:%{IPV6}|%{IPV4}))"},
    {"HOSTNAME", R"(\b[0-9A-Za-z](?:[\w\-]{0,61}[0-9A-Za-z])?(?:\.[0-9A-Za-z](?:[\w\-]{0,61}[0-9A-Za-z])?)*\.?(?!\w))"},
    {"HOST", R"(%{HOSTNAME})"},
    {"IPORHOST", R"((?:%{IP}|%{HOSTNAME}))"},
    {"HOSTPORT", R"(%{IPORHOST}:%{POSINT})"},

    // Paths and addresses
    {"UNIXPATH", R"((?:/[\w%!$@:.,+~=\-]*)+)"},
    {"WINPATH", R"((?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+)"},
    {"PATH", R"((?:%{UNIXPATH}|%{WINPATH}))"},
    {"TTY", R"(/dev/(?:pts|tty[pq]?)\w*(?:/\d+)?)"},
    {"URIPROTO", R"([A-Za-z][0-9A-Za-z+.\-]*)"},
    {"URIHOST", R"(%{IPORHOST}(?::%{POSINT:port})?)"},
    {"URIPATH", R"((?:/[\w$.+!*'(){},~:;=@#%&|\-]*)+)"},
    {"URIQUERY", R"([\w$.+!*'|(){},~@#%&/=:;?\-\[\]<>]*)"},
    {"URIPARAM", R"(\?%{URIQUERY})"},
    {"URIPATHPARAM", R"(%{URIPATH}(?:%{URIPARAM})?)"},
    {"URI", R"(%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?)"},

    // Times
    {"MONTH",
     R"(\b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?)"
     R"(|[Ss]ep(?:t(?:ember)?)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\b)"},
    {"MONTHNUM", R"((?:1[0-2]|0?[1-9]))"},
    {"MONTHNUM2", R"((?:1[0-2]|0[1-9]))"},
    {"MONTHDAY", R"((?:3[01]|[12]\d|0?[1-9]))"},
    {"DAY", R"((?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?))"},
    {"YEAR", R"((?>\d{4}|\d{2}))"},
    {"HOUR", R"((?:2[0-3]|[01]?\d))"},
    {"MINUTE", R"([0-5]\d)"},
    {"SECOND", R"((?:60|[0-5]?\d)(?:[.,:]\d+)?)"},
    {"TIME", R"((?<!\d)%{HOUR}:%{MINUTE}(?::%{SECOND})(?!\d))"},
    {"DATE_US", R"(%{MONTHNUM}[/\-]%{MONTHDAY}[/\-]%{YEAR})"},
    {"DATE_EU", R"(%{MONTHDAY}[./\-]%{MONTHNUM}[./\-]%{YEAR})"},
    {"DATE", R"((?:%{DATE_US}|%{DATE_EU}))"},
    {"ISO8601_TIMEZONE", R"((?:Z|[+\-]%{HOUR}(?::?%{MINUTE})?))"},
    {"ISO8601_SECOND", R"(%{SECOND})"},
    {"ISO8601_HOUR", R"((?:2[0-4]|[01]\d))"},
    {"TIMESTAMP_ISO8601",
     R"(\d{4}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?(?:%{ISO8601_TIMEZONE})?)"},
    {"DATESTAMP", R"(%{DATE}[\- ]%{TIME})"},
    {"TZ", R"((?:[A-Z]{1,4}T|UTC|GMT))"},
    {"DATESTAMP_RFC822", R"(%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ})"},
    {"DATESTAMP_RFC2822", R"(%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE})"},
    {"DATESTAMP_OTHER", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR})"},
    {"DATESTAMP_EVENTLOG", R"(\d{4}%{MONTHNUM2}(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])%{MINUTE}[0-5]\d)"},
    {"HTTPDATE", R"(%{MONTHDAY}/%{MONTH}/\d{4}:%{TIME} [+\-]\d{4})"},
    {"HTTPDERROR_DATE", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR})"},

    // Syslog
    {"SYSLOGTIMESTAMP", R"(%{MONTH} +%{MONTHDAY} %{TIME})"},
    {"PROG", R"([!-Z\\^-~]+?)"},
    {"SYSLOGPROG", R"(%{PROG:program}(?:\[%{POSINT:pid}\])?)"},
    {"SYSLOGHOST", R"(%{IPORHOST})"},
    {"SYSLOGFACILITY", R"(<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>)"},
    {"SYSLOGBASE", R"(%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:)"},
    {"SYSLOGBASE2", R"((?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) (?:%{SYSLOGFACILITY} )?)"
                    R"(%{SYSLOGHOST:logsource} (?:%{SYSLOGPROG}:)?)"},
    {"SYSLOGPAMSESSION", R"(%{SYSLOGBASE} %{GREEDYDATA:message})"},
    {"SYSLOGLINE", R"(%{SYSLOGBASE2} ?%{GREEDYDATA:message})"},
    {"SYSLOG5424PRINTASCII", R"([!-~]+)"},
    {"SYSLOG5424PRI", R"(<%{NONNEGINT:syslog5424_pri}>)"},
    {"SYSLOG5424SD", R"((?:\[(?:[^\]\\]|\\.)*\])+)"},
    {"SYSLOG5424BASE",
     R"(%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver} +(?:%{TIMESTAMP_ISO8601:syslog5424_ts}|-) )"
     R"(+(?:%{IPORHOST:syslog5424_host}|-) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app}) )"
     R"(+(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid}) )"
     R"(+(?:%{SYSLOG5424SD:syslog5424_sd}|-))"},
    {"SYSLOG5424LINE", R"(%{SYSLOG5424BASE} *%{GREEDYDATA:syslog5424_msg})"},
    {"CRON_ACTION", R"([A-Z][A-Z ]*)"},
    {"CRONLOG", R"(%{SYSLOGBASE} \(%{USER:user}\) %{CRON_ACTION:action} \(%{DATA:message}\))"},

    // Levels
    {"LOGLEVEL",
     R"((?i:\b(?:trace|debug|info(?:rmation)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert)"
     R"(|emerg(?:ency)?|panic)\b))"},

    // Web servers
    {"HTTPDUSER", R"((?:%{EMAILADDRESS}|%{USER}))"},
    {"HTTPD_REQUEST", R"((?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest}))"},
    {"HTTPD_COMMONLOG",
     R"(%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "%{HTTPD_REQUEST}" )"
     R"((?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes}))"},
    {"HTTPD_COMBINEDLOG", R"(%{HTTPD_COMMONLOG} %{QS:referrer} %{QS:agent})"},
    {"COMMONAPACHELOG", R"(%{HTTPD_COMMONLOG})"},
    {"COMBINEDAPACHELOG", R"(%{HTTPD_COMBINEDLOG})"},
    {"HTTPD20_ERRORLOG",
     R"(\[%{HTTPDERROR_DATE:timestamp}\] \[%{LOGLEVEL:loglevel}\] (?:\[client %{IPORHOST:clientip}\] )?)"
     R"(%{GREEDYDATA:message})"},
    {"HTTPD24_ERRORLOG",
     R"(\[%{HTTPDERROR_DATE:timestamp}\] \[%{WORD:module}?:%{LOGLEVEL:loglevel}\] )"
     R"(\[pid %{POSINT:pid}(?::tid %{NUMBER:tid})?\](?: \(%{POSINT:proxy_errorcode}\)%{DATA:proxy_message}:)?)"
     R"((?: \[client %{IPORHOST:clientip}(?::%{POSINT:clientport})?\])?(?: %{DATA:errorcode}:)? %{GREEDYDATA:message})"},
    {"HTTPD_ERRORLOG", R"((?:%{HTTPD20_ERRORLOG}|%{HTTPD24_ERRORLOG}))"},
    {"NGINXACCESS",
     R"(%{IPORHOST:clientip} - %{NOTSPACE:auth} \[%{HTTPDATE:timestamp}\] "%{HTTPD_REQUEST}" %{NUMBER:response} )"
     R"((?:-|%{NUMBER:bytes}) %{QS:referrer} %{QS:agent}(?: %{QS:forwarder})?)"},
    {"NGINXERROR",
     R"((?<timestamp>\d{4}/%{MONTHNUM2}/%{MONTHDAY} %{TIME}) \[%{LOGLEVEL:loglevel}\] %{POSINT:pid}#%{NONNEGINT:tid}: )"
     R"((?:\*%{NONNEGINT:connection} )?%{GREEDYDATA:message})"},
    {"HAPROXYTIME", R"((?<!\d)%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}:%{SECOND:haproxy_second}(?!\d))"},
    {"HAPROXYDATE",
     R"(%{MONTHDAY:haproxy_monthday}/%{MONTH:haproxy_month}/%{YEAR:haproxy_year}:%{HAPROXYTIME:haproxy_time}\.)"
     R"(%{INT:haproxy_milliseconds})"},
    {"HAPROXYCAPTUREDREQUESTHEADERS", R"(%{DATA:captured_request_headers})"},
    {"HAPROXYCAPTUREDRESPONSEHEADERS", R"(%{DATA:captured_response_headers})"},
    {"HAPROXYQUEUES",
     R"(%{INT:actconn}/%{INT:feconn}/%{INT:beconn}/%{INT:srvconn}/%{NOTSPACE:retries} %{INT:srv_queue}/)"
     R"(%{INT:backend_queue})"},
    {"HAPROXYHTTPBASE",
     R"(%{IP:client_ip}:%{INT:client_port} \[%{HAPROXYDATE:accept_date}\] %{NOTSPACE:frontend_name} )"
     R"((?<backend_name>[\w.\-]+)/%{NOTSPACE:server_name} %{INT:time_request}/%{INT:time_queue}/)"
     R"(%{INT:time_backend_connect}/%{INT:time_backend_response}/%{NOTSPACE:time_duration} %{INT:http_status_code} )"
     R"(%{NOTSPACE:bytes_read} %{DATA:captured_request_cookie} %{DATA:captured_response_cookie} )"
     R"(%{NOTSPACE:termination_state} %{HAPROXYQUEUES} (?:\{%{HAPROXYCAPTUREDREQUESTHEADERS}\} )?)"
     R"((?:\{%{HAPROXYCAPTUREDRESPONSEHEADERS}\} )?"(?:<BADREQ>|%{WORD:http_verb} )"
     R"((?:%{URIPROTO:http_proto}://)?(?:%{URIHOST:http_host})?(?:%{URIPATHPARAM:http_request})?)"
     R"((?: HTTP/%{NUMBER:http_version})?)?"?)"},
    {"HAPROXYHTTP", R"((?:%{SYSLOGTIMESTAMP:syslog_timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) )"
                    R"(%{IPORHOST:syslog_server} %{SYSLOGPROG}: %{HAPROXYHTTPBASE})"},
    {"HAPROXYTCP",
     R"((?:%{SYSLOGTIMESTAMP:syslog_timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) %{IPORHOST:syslog_server} )"
     R"(%{SYSLOGPROG}: %{IP:client_ip}:%{INT:client_port} \[%{HAPROXYDATE:accept_date}\] %{NOTSPACE:frontend_name} )"
     R"((?<backend_name>[\w.\-]+)/%{NOTSPACE:server_name} %{INT:time_queue}/%{INT:time_backend_connect}/)"
     R"(%{NOTSPACE:time_duration} %{NOTSPACE:bytes_read} %{NOTSPACE:termination_state} %{HAPROXYQUEUES})"},
    {"SQUID3",
     R"(%{NUMBER:timestamp} +%{NUMBER:duration} %{IP:client_address} %{WORD:cache_result}/%{NONNEGINT:status_code} )"
     R"(%{NUMBER:bytes} %{WORD:request_method} %{NOTSPACE:url} %{NOTSPACE:user} %{WORD:hierarchy_code}/)"
     R"((?:-|%{IPORHOST:server}) %{NOTSPACE:content_type})"},
    {"S3_REQUEST_LINE", R"((?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest}))"},
    {"S3_ACCESS_LOG",
     R"(%{WORD:owner} %{NOTSPACE:bucket} \[%{HTTPDATE:timestamp}\] %{NOTSPACE:clientip} %{NOTSPACE:requester} )"
     R"(%{NOTSPACE:request_id} %{NOTSPACE:operation} %{NOTSPACE:key} (?:"%{S3_REQUEST_LINE}"|-) )"
     R"((?:-|%{INT:response}) (?:-|%{NOTSPACE:error_code}) (?:-|%{INT:bytes}) (?:-|%{INT:object_size}) )"
     R"((?:-|%{INT:request_time_ms}) (?:-|%{INT:turnaround_time_ms}) (?:-|%{QS:referrer}) (?:-|%{QS:agent}) )"
     R"((?:-|%{NOTSPACE:version_id}))"},
    {"ELB_REQUEST_LINE", R"((?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest}))"},
    {"ELB_ACCESS_LOG", R"(%{TIMESTAMP_ISO8601:timestamp} %{NOTSPACE:elb} %{IP:clientip}:%{INT:clientport} )"
                       R"((?:%{IP:backendip}:%{INT:backendport}|-) %{NUMBER:request_processing_time} )"
                       R"(%{NUMBER:backend_processing_time} %{NUMBER:response_processing_time} (?:-|%{INT:response}) )"
                       R"((?:-|%{INT:backend_response}) %{INT:received_bytes} %{INT:bytes} "%{ELB_REQUEST_LINE}")"},

    // Java
    {"JAVACLASS", R"((?:[A-Za-z_$][\w$]*\.)*[A-Za-z_$][\w$]*)"},
    {"JAVAFILE", R"([\w. \-]+)"},
    {"JAVAMETHOD", R"((?:<(?:cl)?init>|[A-Za-z_$][\w$]*))"},
    {"JAVASTACKTRACEPART",
     R"(%{SPACE}at %{JAVACLASS:class}\.%{JAVAMETHOD:method}\(%{JAVAFILE:file}(?::%{NUMBER:line})?\))"},
    {"JAVATHREAD", R"((?:[A-Z]{2}-Processor\d+))"},
    {"JAVALOGMESSAGE", R"(.*)"},
    {"CATALINA_DATESTAMP", R"(%{MONTH} %{MONTHDAY}, \d{4} %{HOUR}:%{MINUTE}:%{SECOND} (?:AM|PM))"},
    {"TOMCAT_DATESTAMP", R"(\d{4}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} %{ISO8601_TIMEZONE})"},
    {"CATALINALOG", R"(%{CATALINA_DATESTAMP:timestamp} %{JAVACLASS:class}\s%{JAVALOGMESSAGE:logmessage})"},
    {"TOMCATLOG",
     R"(%{TOMCAT_DATESTAMP:timestamp} \| %{LOGLEVEL:level} \| %{JAVACLASS:class} - %{JAVALOGMESSAGE:logmessage})"},

    // Ruby
    {"RUBY_LOGLEVEL", R"((?:DEBUG|INFO|WARN|ERROR|FATAL|ANY))"},
    {"RUBY_LOGGER",
     R"([DIWEFA], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid}\] *%{RUBY_LOGLEVEL:loglevel} -- *%{DATA:progname}: )"
     R"(%{GREEDYDATA:message})"},
    {"RUUID", R"(\h{32})"},
    {"RCONTROLLER", R"((?<controller>[^#]+)#(?<action>\w+))"},
    {"RAILS3HEAD",
     R"(Started %{WORD:verb} "%{URIPATHPARAM:request}" for %{IPORHOST:clientip} at (?<timestamp>%{TIMESTAMP_ISO8601})"
     R"((?: [+\-]\d{4})?))"},

    // Databases and others
    {"REDISTIMESTAMP", R"(%{MONTHDAY} %{MONTH}(?: \d{4})? %{TIME})"},
    {"REDISLOG",
     R"((?:\[%{POSINT:pid}\]|%{POSINT:pid}:[A-Z]) %{REDISTIMESTAMP:timestamp} [*.#\-] %{GREEDYDATA:message})"},
    {"MONGO3_SEVERITY", R"([FEWID]\d?)"},
    {"MONGO3_COMPONENT", R"((?:[A-Z_]+|-))"},
    {"MONGO3_LOG", R"(%{TIMESTAMP_ISO8601:timestamp} %{MONGO3_SEVERITY:severity} +%{MONGO3_COMPONENT:component} +)"
                   R"((?:\[%{DATA:context}\])? %{GREEDYDATA:message})"},
    {"MONGO_SLOWQUERY",
     R"(%{WORD} (?<database>[a-z]+)\.(?<collection>\w+) %{WORD}: %{GREEDYDATA:query} %{NONNEGINT:duration}ms)"},
    {"POSTGRESQL", R"(%{DATESTAMP:timestamp} %{TZ} %{DATA:user_id} %{GREEDYDATA:connection_id} %{POSINT:pid})"},
    {"BIND9_TIMESTAMP", R"(%{MONTHDAY}[\-]%{MONTH}[\-]\d{4} %{TIME})"},
    {"BIND9", R"(%{BIND9_TIMESTAMP:timestamp} queries: %{LOGLEVEL:loglevel}: client(?: @0x\h+)? %{IP:clientip}#)"
              R"(%{POSINT:clientport}(?: \(%{DATA:question}\))?: query: %{NOTSPACE:query} IN %{WORD:querytype} )"
              R"((?:%{DATA:flags} )?\(%{IP:dns}\))"},
};

}  // namespace

std::span<const Pattern> patterns() noexcept { return all; }

}  // namespace logboom::grok
