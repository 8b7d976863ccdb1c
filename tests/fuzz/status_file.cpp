// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as the status file of a running domain: what is read of one says the same when it was written and
// read again, so that no restart of virtsevd changes what the next one knows.
#include "driver/daemon/files/status_file.hpp"

#include <cstdint>
#include <cstdlib>

using namespace virtsev;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto status = daemon::parse_status(std::string(reinterpret_cast<const char*>(data), size));
  if (!status) {
    return 0;
  }
  const std::string written = daemon::format_status(*status);
  const auto again = daemon::parse_status(written);
  if (!again || daemon::format_status(*again) != written || again->xml != status->xml) {
    std::abort();
  }
  return 0;
}
