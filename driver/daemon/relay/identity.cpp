// SPDX-License-Identifier: LGPL-2.1-or-later
#include "driver/daemon/relay/identity.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

#include "driver/xdr/encoder.hpp"

namespace virtsev::daemon::relay {
namespace {

// virTypedParameterType.
constexpr std::int32_t kLongLong = 3, kUnsignedLongLong = 4;

/// Field 22 of /proc/PID/stat, counted behind the name, which may hold anything; 0 where the process is gone.
std::uint64_t start_time_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  std::size_t at = stat.rfind(')');
  constexpr int kFieldsBetween = 20;
  for (int field = 0; field < kFieldsBetween && at != std::string::npos; ++field) {
    at = stat.find(' ', at + 1);
  }
  std::uint64_t time = 0;
  if (at != std::string::npos) {
    std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), time);
  }
  return time;
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
