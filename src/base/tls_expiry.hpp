#pragma once

#include <ctime>
#include <string>
#include <vector>

using SSL_CTX = struct ssl_ctx_st;

namespace logboom {

/// What of a context's certificates and lists of revoked ones has expired at this time, or does so soon: within 14
/// days, or a tenth of its whole time where that is less. A sentence for each, in no order.
std::vector<std::string> expiring(SSL_CTX* context, std::time_t now);

}  // namespace logboom
