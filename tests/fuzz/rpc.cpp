// SPDX-License-Identifier: LGPL-2.1-or-later
// A client of virtsevd that sends anything. The first byte's lowest bit chooses: the rest as it is on the
// socket, or as calls (u16 procedure, u16 length, arguments) put into packets of an open connection, so that
// the arguments of each procedure are reached.
#include <array>
#include <cstdlib>

#include <asio/io_context.hpp>
#include <sys/socket.h>

#include "driver/daemon/dispatch/remote_service.hpp"
#include "driver/rpc/message.hpp"
#include "driver/rpc/server.hpp"
#include "tests/driver/daemon/dispatch/fake_driver.hpp"
#include "tests/fuzz/settle.hpp"

namespace {

using namespace virtsev;

Bytes opening_call() {
  xdr::Encoder arguments;
  arguments.put_bool(true);
  arguments.put_string("sev:///system");
  arguments.put_uint32(0);
  rpc::Header header;
  header.procedure = 1;
  return rpc::make_message(header, arguments.bytes());
}

Bytes as_calls(ByteView script) {
  Bytes stream = opening_call();
  std::uint32_t serial = 1;
  while (script.size() >= 4) {
    rpc::Header header;
    const auto choice = get_le<std::uint16_t>(script, 0);
    header.procedure = choice & 0x1ff;
    // Seven in eight are calls; the rest are packets of the streams that calls may have opened.
    header.type = (choice >> 13) == 7 ? rpc::MessageType::kStream : rpc::MessageType::kCall;
    header.status =
        static_cast<rpc::MessageStatus>(header.type == rpc::MessageType::kStream ? (choice >> 9) & 3 : 0);
    header.serial = header.type == rpc::MessageType::kStream ? serial - 1 : serial++;
    const std::size_t length = std::min<std::size_t>(get_le<std::uint16_t>(script, 2), script.size() - 4);
    const Bytes message = rpc::make_message(header, script.subspan(4, length));
    stream.insert(stream.end(), message.begin(), message.end());
    script = script.subspan(4 + length);
  }
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const ByteView input(data + 1, size - 1);
  const Bytes stream = (data[0] & 1) != 0 ? as_calls(input) : Bytes(input.begin(), input.end());
  asio::io_context io(1);
  daemon::test::FakeDriver driver(io.get_executor());
  driver.add("guest");
  daemon::RemoteService service(driver);
  rpc::Server server(io, service);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    std::abort();
  }
  server.serve(UniqueFd(ends[0]), false);
  UniqueFd client(ends[1]);
  ByteView rest = stream;
  while (!rest.empty()) {
    const ssize_t sent = ::send(client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    settle(io, client.get());
    if (sent <= 0) {
      break;  // the server has had enough of this client
    }
    rest = rest.subspan(static_cast<std::size_t>(sent));
  }
  const int gone = client.get();
  ::shutdown(gone, SHUT_RDWR);
  settle(io, gone);
  if (server.clients() != 0) {
    std::abort();  // a client's end must always be noticed
  }
  return 0;
}
