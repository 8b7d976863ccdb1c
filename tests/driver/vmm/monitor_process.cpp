// SPDX-License-Identifier: LGPL-2.1-or-later
// A virtsev-vmm for tests.
#include "tests/driver/vmm/monitor_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

#include "tests/driver/boot/fakes/machine_edits.hpp"

namespace virtsev::vmm::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    throw std::runtime_error("socket path too long: " + path);
  }
  path.copy(address.sun_path, path.size());
  return address;
}

UniqueFd new_socket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) {
    fail("socket");
  }
  return socket;
}

std::string vmm_path() {
  const char* path = std::getenv("VIRTSEV_VMM");
  return path != nullptr ? path : "virtsev-vmm";
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "virtsev-vmm-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    fail("mkdtemp");
  }
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

UniqueFd open_file(const std::string& path, int flags) {
  UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!file) {
    fail(path);
  }
  return file;
}

MonitorProcess::MonitorProcess(const TemporaryDirectory& directory) : directory_(directory) {
  const UniqueFd listener = new_socket();
  const sockaddr_un address = address_of(directory.path("control.sock"));
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener.get(), 4) != 0) {
    fail("bind");
  }
  constexpr int kControlFd = 3;
  const std::string program = vmm_path();
  pid_ = ::fork();
  if (pid_ < 0) {
    fail("fork");
  }
  if (pid_ == 0) {
    ::dup2(listener.get(), kControlFd);
    ::fcntl(kControlFd, F_SETFD, 0);
    ::execlp(program.c_str(), "virtsev-vmm", "--control-fd", "3", "--name", "test", nullptr);
    std::perror(program.c_str());
    ::_exit(127);
  }
  reconnect();
}

MonitorProcess::~MonitorProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void MonitorProcess::reconnect() {
  UniqueFd socket = new_socket();
  const sockaddr_un address = address_of(directory_.path("control.sock"));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    fail("connect");
  }
  // The former connection stays until the new one is there: a monitor without guest ends when nobody is.
  const UniqueFd former = std::exchange(socket_, std::move(socket));
  reader_ = {};
  writer_ = {};
  const control::Hello hello{next_version_ ? control::kProtocolVersion + 1 : version_};
  const control::Reply reply = call(hello);
  const auto* answer = std::get_if<control::HelloReply>(&reply);
  if (answer == nullptr || answer->version != version_) {
    throw std::runtime_error("the monitor does not answer Hello in its version");
  }
}

control::Start MonitorProcess::prepare_start() {
  const auto keep = [this](UniqueFd file) {
    opened_.push_back(std::move(file));
    return opened_.back().get();
  };
  control::Start start;
  start.name = "test";
  start.kvm = keep(open_file("/dev/kvm", O_RDWR));
  start.platform_identity = keep(open_file(directory_.path("identity"), O_RDWR | O_CREAT));
  start.simulated.asid = 1;
  start.simulated.asid_lock = keep(open_file(directory_.path("asid"), O_RDONLY | O_CREAT));
  start.simulated.es_asids = 9;
  start.simulated.sev_asids = 9;
  start.end_file = keep(open_file(directory_.path("end"), O_RDWR | O_CREAT));
  boot::test::serial(start.machine).log[0] = keep(open_file(directory_.path("log"), O_RDWR | O_CREAT));

  UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 128> name{};
  if (!master || ::unlockpt(master.get()) != 0 || ::ptsname_r(master.get(), name.data(), name.size()) != 0) {
    fail("posix_openpt");
  }
  terminal_ = open_file(name.data(), O_RDWR | O_NOCTTY);
  termios settings{};
  ::tcgetattr(terminal_.get(), &settings);
  ::cfmakeraw(&settings);
  ::tcsetattr(terminal_.get(), TCSANOW, &settings);
  boot::test::serial(start.machine).terminal_slave = keep(open_file(name.data(), O_RDWR | O_NOCTTY));
  boot::test::serial(start.machine).terminal_master = keep(std::move(master));
  return start;
}

namespace {

/// What a structure that has grown at its end looks like; the frame's length is its first u32, big-endian.
void append_unknown_fields(control::OutgoingFrame& frame) {
  frame.bytes.insert(frame.bytes.end(), 12, 0xee);
  for (std::size_t i = 0; i < 4; ++i) {
    frame.bytes[i] = static_cast<std::uint8_t>(frame.bytes.size() >> (8 * (3 - i)));
  }
}

}  // namespace

namespace {

/// prepare_start() knows no policy: the first ASID is one of SEV-ES guests.
control::Request with_fitting_asid(control::Request request) {
  auto* start = std::get_if<control::Start>(&request);
  if (start != nullptr && start->simulated.asid == 1 && !sevcore::encrypts_state(start->machine.protection)) {
    start->simulated.asid = start->simulated.es_asids + 1;
  }
  return request;
}

}  // namespace

void MonitorProcess::send_whole(control::OutgoingFrame frame) {
  if (!writer_.push(std::move(frame))) {
    throw std::runtime_error("can't send");
  }
  while (!writer_.empty()) {
    const auto sent = writer_.flush(socket_.get());
    if (!sent) {
      throw std::runtime_error("the monitor is gone");
    }
    if (!*sent) {
      pollfd waited{socket_.get(), POLLOUT, 0};
      ::poll(&waited, 1, -1);
    }
  }
}

bool MonitorProcess::serve_firmware(const control::Frame& frame) {
  constexpr std::uint32_t kGrants = 1U << 31;  // Their serials
  if (frame.kind == control::FrameKind::kReply) {
    return frame.serial >= kGrants;
  }
  const auto event = control::decode_event(frame);
  if (event && std::holds_alternative<control::FirmwareWanted>(*event)) {
    ++turns_;
    send_whole(control::encode(
        control::Request(control::GrantFirmware{std::get<control::FirmwareWanted>(*event).number}),
        kGrants + turns_));
    return true;
  }
  return event && std::holds_alternative<control::FirmwareDone>(*event);
}

control::Reply MonitorProcess::call(const control::Request& request) {
  const std::uint32_t serial = ++serial_;
  control::OutgoingFrame outgoing = control::encode(with_fitting_asid(request), serial);
  if (next_version_) {
    append_unknown_fields(outgoing);
  }
  send_whole(std::move(outgoing));
  while (replies_.empty()) {
    if (!socket_) {
      throw std::runtime_error("the monitor closed the connection");
    }
    pump(Milliseconds(-1));
  }
  control::Frame frame = std::move(replies_.front());
  replies_.pop_front();
  auto reply = control::decode_reply(frame);
  if (frame.serial != serial || !reply) {
    throw std::runtime_error("not the reply to the request");
  }
  return std::move(*reply);
}

bool MonitorProcess::pump(Milliseconds limit) {
  std::array<pollfd, 2> waited = {pollfd{socket_.get(), POLLIN, 0},
                                  pollfd{reads_console_ ? terminal_.get() : -1, POLLIN, 0}};
  const int count = ::poll(waited.data(), waited.size(), static_cast<int>(limit.count()));
  if (count <= 0) {
    return false;
  }
  if (waited[1].revents != 0) {
    read_console();
  }
  if (waited[0].revents != 0) {
    read_socket();
  }
  return true;
}

void MonitorProcess::read_socket() {
  const auto received = control::receive(socket_.get(), reader_);
  if (!received) {
    socket_.reset();
    return;
  }
  for (auto frame = reader_.next(); frame && *frame; frame = reader_.next()) {
    if (serve_firmware(**frame)) {
      continue;
    }
    if ((*frame)->kind == control::FrameKind::kReply) {
      replies_.push_back(std::move(**frame));
    } else if (auto event = control::decode_event(**frame)) {
      if (const auto* progress = std::get_if<control::Progress>(&*event)) {
        progress_.push_back(*progress);
      } else {
        events_.push_back(std::move(*event));
      }
    }
  }
}

void MonitorProcess::read_console() {
  std::array<char, 4096> buffer{};
  const ssize_t length = ::read(terminal_.get(), buffer.data(), buffer.size());
  if (length <= 0) {
    terminal_.reset();
    return;
  }
  console_.append(buffer.data(), static_cast<std::size_t>(length));
  if (echo_) {
    std::fwrite(buffer.data(), 1, static_cast<std::size_t>(length), stdout);
    std::fflush(stdout);
  }
}

std::optional<control::Event> MonitorProcess::wait_for_event(Milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (events_.empty()) {
    const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    if (!socket_ || left.count() <= 0 || !pump(left)) {
      return std::nullopt;
    }
  }
  control::Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

bool MonitorProcess::wait_for_console(const std::string& text, Milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (console_.find(text) == std::string::npos) {
    const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
    if (!socket_ || left.count() <= 0 || !pump(left)) {
      return console_.find(text) != std::string::npos;
    }
  }
  return true;
}

void MonitorProcess::type(const std::string& input) const {
  if (::write(terminal_.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    fail("write to the console");
  }
}

int MonitorProcess::wait_for_exit() {
  int status = 0;
  if (::waitpid(std::exchange(pid_, -1), &status, 0) < 0) {
    fail("waitpid");
  }
  return status;
}

}  // namespace virtsev::vmm::test
