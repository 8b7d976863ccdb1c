// SPDX-License-Identifier: LGPL-2.1-or-later
// rpc_test_server SOCKET [READ_ONLY_SOCKET]: the RPC server and libvirt's procedures above a driver without
// guests, for stock clients. A guest's console prints a banner and answers each line; the line "poweroff"
// ends the guest. It ends at SIGTERM.
#include <array>
#include <cstdio>
#include <cstring>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/signal_set.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "driver/daemon/dispatch/remote_service.hpp"
#include "driver/rpc/server.hpp"
#include "tests/driver/daemon/dispatch/fake_driver.hpp"

namespace virtsev::daemon::test {
namespace {

class FakeGuest : public std::enable_shared_from_this<FakeGuest> {
 public:
  FakeGuest(asio::io_context& io, FakeDriver& driver, const FakeDriver::Domain& domain)
      : driver_(driver), uuid_(domain.uuid), console_(io, dup(domain.console.get())) {}
  void start() {
    print("fake guest: console ready\r\n");
    read();
  }
  void end() { console_.close(); }

 private:
  void print(const std::string& text) {
    if (::write(console_.native_handle(), text.data(), text.size()) < 0) {
      std::perror("console");
    }
  }
  void read() {
    console_.async_read_some(asio::buffer(input_),
                             [self = shared_from_this()](asio::error_code error, std::size_t count) {
                               if (!error) {
                                 self->take(std::string(self->input_.data(), count));
                               }
                             });
  }
  void take(const std::string& input) {
    for (const char c : input) {
      if (c != '\r' && c != '\n') {
        line_ += c;
        continue;
      }
      if (line_ == "poweroff") {
        driver_.crash(driver_.domains.at(uuid_));
        return;
      }
      print("you said: " + std::exchange(line_, {}) + "\r\n");
    }
    read();
  }

  FakeDriver& driver_;
  Uuid uuid_;
  asio::posix::stream_descriptor console_;
  std::array<char, 4096> input_{};
  std::string line_;
};

UniqueFd listening_socket(const char* path, mode_t mode) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  ::unlink(path);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path, mode) != 0 || ::listen(socket.get(), 64) != 0) {
    std::perror(path);
    std::exit(1);
  }
  return socket;
}

int run(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: rpc_test_server SOCKET [READ_ONLY_SOCKET]\n", stderr);
    return 2;
  }
  asio::io_context io(1);
  FakeDriver driver(io.get_executor());
  driver.add("alpha");
  driver.add("beta");
  driver.on_started = [&io, &driver](FakeDriver::Domain& domain) {
    const auto guest = std::make_shared<FakeGuest>(io, driver, domain);
    domain.on_end = [guest] { guest->end(); };
    guest->start();
  };
  RemoteService service(driver);
  rpc::Server server(io, service);
  server.listen(listening_socket(argv[1], 0600), false);
  if (argc > 2) {
    server.listen(listening_socket(argv[2], 0666), true);
  }
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](asio::error_code, int) {
    server.stop();
    io.stop();
  });
  std::puts("ready");
  std::fflush(stdout);
  io.run();
  return 0;
}

}  // namespace
}  // namespace virtsev::daemon::test

int main(int argc, char** argv) { return virtsev::daemon::test::run(argc, argv); }
