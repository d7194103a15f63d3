#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <logboom/testing/filter_driver.hpp>

#include <filesystem>
#include <fstream>

#include "mmdb.hpp"

namespace logboom::plugins {
PluginInfo filter_geoip();
}

namespace {

using namespace logboom;
using logboom::testing::FakeContext;
using logboom::testing::FilterDriver;
using logboom::testing::Mmdb;
using logboom::testing::section;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Params = FilterDriver::Params;

Mmdb places() {
  constexpr std::string_view boxford =
      R"({"city":{"names":{"de":"Boxfurt","en":"Boxford"}},)"
      R"("country":{"iso_code":"GB","names":{"en":"United Kingdom"},"geoname_id":2635167},)"
      R"("location":{"latitude":51.75,"longitude":-1.25},"postal":{"code":"OX1"},"is_anycast":true,)"
      R"("subdivisions":[{"iso_code":"ENG","names":{"en":"England"}},{"iso_code":"WBK"}]})";
  constexpr std::string_view country_only = R"({"country":{"iso_code":"SE","names":{"en":"Sweden"}}})";
  Mmdb made;
  made.add("2.125.160.0/24", boxford).add("89.160.20.112/28", country_only).add("2001:db8::/32", boxford);
  return made;
}

class FilterGeoip : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = ::testing::TempDir() + "logboom-geoip-" + std::to_string(getpid()) + ".mmdb";
    write(places().bytes());
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  /// With `geoip2_database`, these parameters, and these fields in `<record>`.
  FilterDriver geoip(const Params& record, Params params = {}) const {
    params.emplace_back("geoip2_database", path_);
    return FilterDriver(plugins::filter_geoip(), params, [&record](FakeContext& context) {
      context.section().children.push_back(section("record", record));
    });
  }
  std::string refusal(const Params& record, const Params& params = {}) const {
    try {
      geoip(record, params);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  std::string path_;
};

TEST_F(FilterGeoip, adds_values_with_their_types) {
  FilterDriver filter = geoip({{"city", R"(${city.names.en["host"]})"},
                               {"latitude", R"(${location.latitude["host"]})"},
                               {"id", "${country.geoname_id['host']}"},
                               {"region", R"(${subdivisions.0.names.en["host"]})"},
                               {"second", R"(${subdivisions.1.iso_code["host"]})"},
                               {"anycast", R"(${is_anycast["host"]})"},
                               {"names", R"(${city.names["host"]})"},
                               {"none", R"(${city.names.fr["host"]})"}});
  EXPECT_EQ(filter.record(R"({"host":"2.125.160.216","n":1})"),
            R"({"host":"2.125.160.216","n":1,"city":"Boxford","latitude":51.75,"id":2635167,"region":"England",)"
            R"("second":"WBK","anycast":true,"names":{"de":"Boxfurt","en":"Boxford"},"none":null})");
}

TEST_F(FilterGeoip, puts_values_into_texts_and_json) {
  FilterDriver filter = geoip({{"string", R"(${location.latitude["host"]},${location.longitude["host"]})"},
                               {"array", R"([${location.longitude["host"]}, "${location.latitude["host"]}"])"},
                               {"object", R"-({"at": {"lat": ${location.latitude["host"]}}, )-"
                                          R"-("in": "${city.names.en["host"]} (${postal.code["host"]})", "n": [1]})-"},
                               {"quoted", R"-('["${city.names.en["host"]}"]')-"},
                               {"fixed", "earth"}});
  EXPECT_EQ(filter.record(R"({"host":"2.125.160.216"})"),
            R"({"host":"2.125.160.216","string":"51.75,-1.25","array":[-1.25,51.75],)"
            R"-("object":{"at":{"lat":51.75},"in":"Boxford (OX1)","n":[1]},"quoted":["Boxford"],"fixed":"earth"})-");
}

TEST_F(FilterGeoip, knows_addresses_of_both_kinds_in_several_fields) {
  FilterDriver filter = geoip({{"from", R"(${country.iso_code["src"]})"}, {"to", R"(${country.iso_code["$.dst.ip"]})"}},
                              {{"geoip_lookup_keys", "src, $.dst.ip"}});
  EXPECT_EQ(filter.record(R"({"src":"2001:db8::1","dst":{"ip":"89.160.20.115"}})"),
            R"({"src":"2001:db8::1","dst":{"ip":"89.160.20.115"},"from":"GB","to":"SE"})");
}

TEST_F(FilterGeoip, adds_nulls_for_what_is_no_known_address) {
  FilterDriver filter = geoip({{"city", R"(${city.names.en["host"]})"},
                               {"at", R"([${location.latitude["host"]}])"},
                               {"text", R"(in ${city.names.en["host"]}.)"}});
  for (const char* host : {R"("203.0.113.1")", R"("0")", R"("")", R"("name.example")", "5", "null", R"({"a":1})",
                           R"("1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20")", R"("2001:db9::1")"}) {
    EXPECT_EQ(filter.record(cat(R"({"host":)", host, "}")),
              cat(R"({"host":)", host, R"(,"city":null,"at":[null],"text":"in ."})"));
  }
  EXPECT_EQ(filter.record("{}"), R"({"city":null,"at":[null],"text":"in ."})");
}

TEST_F(FilterGeoip, a_known_address_without_a_place_is_at_0) {
  FilterDriver filter = geoip({{"lat", R"(${location.latitude["host"]})"}, {"city", R"(${city.names.en["host"]})"}});
  EXPECT_EQ(filter.record(R"({"host":"89.160.20.112"})"), R"({"host":"89.160.20.112","lat":0.0,"city":null})");
}

TEST_F(FilterGeoip, skip_adding_null_record_looks_at_the_first_placeholder) {
  const Params skip{{"skip_adding_null_record", "true"}};
  FilterDriver city_first =
      geoip({{"city", R"(${city.names.en["host"]})"}, {"country", R"(${country.iso_code["host"]})"}}, skip);
  EXPECT_EQ(city_first.record(R"({"host":"203.0.113.1"})"), R"({"host":"203.0.113.1"})");
  EXPECT_EQ(city_first.record(R"({"host":"89.160.20.112"})"), R"({"host":"89.160.20.112"})");
  FilterDriver country_first =
      geoip({{"country", R"(${country.iso_code["host"]})"}, {"city", R"(${city.names.en["host"]})"}}, skip);
  EXPECT_EQ(country_first.record(R"({"host":"89.160.20.112"})"),
            R"({"host":"89.160.20.112","country":"SE","city":null})");
}

TEST_F(FilterGeoip, geoip2_compat_has_short_names) {
  FilterDriver filter = geoip({{"city", R"(${city["host"]})"}, {"region", R"(${region_name["host"]})"}},
                              {{"backend_library", "geoip2_compat"}});
  EXPECT_EQ(filter.record(R"({"host":"2.125.160.1"})"),
            R"({"host":"2.125.160.1","city":"Boxford","region":"England"})");
  EXPECT_THAT(refusal({{"x", R"(${continent["host"]})"}}, {{"backend_library", "geoip2_compat"}}),
              HasSubstr("geoip2_compat has no continent"));
}

TEST_F(FilterGeoip, injects_into_every_record) {
  FilterDriver filter(plugins::filter_geoip(), {{"geoip2_database", path_}}, [](FakeContext& context) {
    context.section().children.push_back(section("inject", {{"tag_key", "tag"}}));
  });
  EXPECT_EQ(filter.record(R"({"a":1})"), R"({"a":1,"tag":"t"})");
}

TEST_F(FilterGeoip, without_fields_records_stay_as_they_are) {
  EXPECT_EQ(geoip({}).record(R"({"host":"2.125.160.1"})"), R"({"host":"2.125.160.1"})");
}

TEST_F(FilterGeoip, refuses_what_can_not_work) {
  EXPECT_THAT(refusal({{"x", R"(${city.names.en["host]})"}}), HasSubstr("no placeholder of geoip"));
  EXPECT_THAT(refusal({{"x", "${city}"}}), HasSubstr("write ${city.names.en[\"host\"]}"));
  EXPECT_THAT(refusal({{"x", R"({"a": ${city["host"]})"}}), HasSubstr("looks like JSON and is none"));
  EXPECT_THAT(refusal({}, {{"backend_library", "geoip"}}), HasSubstr("the old GeoIP format"));
  EXPECT_THAT(refusal({}, {{"enable_key_city", "x"}}), HasSubstr("name fields in <record>"));
  EXPECT_THAT(refusal({}, {{"geoip_lookup_keys", "$.["}}), HasSubstr("invalid record accessor"));
  write("no database");
  EXPECT_THAT(refusal({}), HasSubstr("is no MaxMind database"));
  std::filesystem::remove(path_);
  EXPECT_THAT(refusal({}), HasSubstr("can't open the database"));
}

TEST_F(FilterGeoip, warns_of_what_will_not_do_what_it_says) {
  FilterDriver filter = geoip({{"x", R"(${city["client"]})"}}, {{"geoip_lookup_key", "host.ip"}});
  EXPECT_THAT(filter.warnings(),
              ElementsAre(HasSubstr("'client' is not among geoip_lookup_keys"), HasSubstr("write $.host.ip")));
}

TEST_F(FilterGeoip, any_damage_of_the_database_fails_the_event_at_most) {
  const std::string whole = places().bytes();
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&file](std::size_t at, char byte) {
    file.seekp(static_cast<std::streamoff>(at)).put(byte).flush();
  };
  // Where libmaxminddb 1.7 refuses what is behind that, it loses some memory.
  const std::size_t metadata = whole.find("MaxMind.com");
  for (std::size_t at = 0; at < metadata; ++at) {
    for (const char byte : {'\xff', '\x3f', '\xe1'}) {
      put(at, byte);
      try {
        FilterDriver filter = geoip({{"all", R"(${country["host"]})"}, {"city", R"(${city.names.en["host"]})"}});
        for (const char* host : {"2.125.160.1", "89.160.20.112", "2001:db8::1"}) {
          const std::size_t on = filter.send("t", cat(R"({"host":")", host, "\"}")).size();
          EXPECT_EQ(on + filter.outcome().failed.size(), 1u);
          filter.outcome().failed.clear();
        }
      } catch (const ConfigError&) {
      }
    }
    put(at, whole[at]);
  }
}

}  // namespace
