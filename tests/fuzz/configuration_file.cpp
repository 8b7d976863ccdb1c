// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as virtsevd.conf: read, with every value within its bounds, or refused with file and line.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "domain-xml/domain_definition.hpp"
#include "driver/daemon/config/configuration.hpp"
#include "sevcore/base/error.hpp"

namespace {

constexpr const char* kFile = "virtsevd.conf:";
constexpr std::uint32_t kDay = 86400;

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool names_a_line(const std::string& message) {
  const std::size_t begin = std::string(kFile).size();
  return message.compare(0, begin, kFile) == 0 && message[begin] >= '1' && message[begin] <= '9';
}

void check(const virtsev::daemon::Configuration& configuration) {
  require(configuration.vmm_uid_first > 0 && configuration.vmm_uid_first <= configuration.vmm_uid_last);
  require(configuration.console_timeout_seconds <= kDay && configuration.launch_timeout_seconds >= 1);
  require(configuration.request_timeout_seconds >= 1 && configuration.request_timeout_seconds <= kDay);
  require(configuration.max_clients >= 1 && configuration.max_client_requests >= 1);
  require(configuration.keepalive_interval_seconds >= -1);
  require(configuration.vmm.empty() || configuration.vmm[0] == '/');
  if (!configuration.host_uuid.empty()) {
    const auto uuid = virtsev::domain_xml::parse_uuid(configuration.host_uuid);
    require(uuid && virtsev::domain_xml::format_uuid(*uuid) == configuration.host_uuid);
  }
  for (const std::string& remark : configuration.remarks) {
    require(names_a_line(remark));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string content(reinterpret_cast<const char*>(data), size);
  try {
    check(virtsev::daemon::parse_configuration(content, "virtsevd.conf"));
  } catch (const virtsev::Error& error) {
    require(names_a_line(error.what()));
  }
  return 0;
}
