#include <gmock/gmock.h>

#include "base/tls_server.hpp"

namespace logboom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Clock = std::chrono::system_clock;
using std::chrono::hours;

/// A server with a certificate that it has made, valid from a day ago and for so long from now on.
TlsServer server_for(hours time) {
  TransportOptions options;
  options.insecure = true;
  options.generate_cert_common_name = "edge.example";
  options.generate_cert_expiration = time;
  return TlsServer(options);
}

TEST(TlsExpiry, SaysNothingWhileThereIsTime) {
  TlsServer server = server_for(hours(24 * 365));
  EXPECT_THAT(server.expiries(), IsEmpty());
  EXPECT_THAT(server.expiries(Clock::now() + hours(24 * 350)), IsEmpty());
}

TEST(TlsExpiry, SaysItOnceADayWhenThereIsNotMuchLeft) {
  TlsServer server = server_for(hours(24 * 365));
  const Clock::time_point late = Clock::now() + hours(24 * 355 - 1);
  EXPECT_THAT(server.expiries(late), ElementsAre(HasSubstr("CN = edge.example' expires on ")));
  EXPECT_THAT(server.expiries(late + hours(23)), IsEmpty());
  EXPECT_THAT(server.expiries(late + hours(24)), ElementsAre(HasSubstr("in 9 days")));
}

TEST(TlsExpiry, ShortLivedCertificateIsSaidWhenATenthIsLeft) {
  EXPECT_THAT(server_for(hours(24)).expiries(), IsEmpty());
  EXPECT_THAT(server_for(hours(24)).expiries(Clock::now() + hours(20)), ElementsAre(HasSubstr("hours")));
}

TEST(TlsExpiry, ExpiredCertificateIsSaidWithWhatComesOfIt) {
  EXPECT_THAT(server_for(hours(24)).expiries(Clock::now() + hours(25)), ElementsAre(HasSubstr("has expired on")));
}

}  // namespace
}  // namespace logboom
