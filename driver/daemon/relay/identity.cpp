// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/identity.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include "driver/xdr/encoder.hpp"
#include "sevcore/base/stat_field.hpp"

namespace virtsev::daemon::relay {
namespace {

// virTypedParameterType.
constexpr std::int32_t kLongLong = 3, kUnsignedLongLong = 4;

/// 0 where the process is gone.
std::uint64_t start_time_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  constexpr int kStartTime = 22;
  return stat_field(stat, kStartTime).value_or(0);
}

}  // namespace

Bytes identity_of(const rpc::PeerCredentials& peer) {
  xdr::Encoder out;
  const auto put = [&out](const char* name, std::int32_t type, std::uint64_t value) {
    out.put_string(name);
    out.put_int32(type);
    out.put_uint64(value);
  };
  constexpr std::uint32_t kParameters = 4;
  out.put_uint32(kParameters);
  put("unix-user-id", kUnsignedLongLong, peer.uid);
  put("unix-group-id", kUnsignedLongLong, peer.gid);
  put("process-id", kLongLong, static_cast<std::uint64_t>(peer.pid));
  put("process-time", kUnsignedLongLong, start_time_of(peer.pid));
  out.put_uint32(0);  // flags
  return out.take();
}

}  // namespace virtsev::daemon::relay
