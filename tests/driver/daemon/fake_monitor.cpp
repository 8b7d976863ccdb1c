// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands in for virtsev-vmm: speaks the whole control protocol, has no guest. What goes wrong, and when,
// stands in the domain's <cmdline>:
//   start=fail|crash|hang|garbage|empty|stall    at Start (empty: a report without a measurement; stall:
//                                          tells how far it is, lies among it, and then nothing more)
//   resume=poweroff|reset|panic|pvpanic|error|crash|hang|silent|quiet    after the answer to Resume (quiet:
//                                          a silent console that is told in the status alone)
//   resume=chatter|endless|undying         hostile: 2,000 silent consoles; tiny events of an unknown kind
//                                          without end; says again and again that it ends, and does not
//   pause=speak|hang-up                    at Pause: the console is silent no longer; its terminal closes
//   console=foreign|none                   at OpenConsole: another terminal; what is none
//   start=want                             at Start: asks for the simulated firmware before it answers
//   button=ignore|reset                    at PowerButton; else the guest powers off
//   quit=hang, link=refuse                 at Quit; at SetLink, as it is for all interfaces but net0
//   plug=refuse, unplug=keep|refuse        at AttachDevice, at DetachDevice (keep: the guest never lets go)
//   query=ignore                           at Query: no answer
//   secret=refuse, registers=refuse        at InjectSecret, at ReadRegisters
//   memory=refuse|short                    at ReadMemory; else each byte is its address's lowest
// A domain named "old" has a monitor that a daemon of the protocol's version 1 started, one named "three" of
// version 3: it says so from the second greeting on, as a daemon starts monitors of its own version only.
// That of "outdated" is of version 4 from the first one on.
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/control/channel.hpp"
#include "driver/control/codec.hpp"
#include "tests/driver/daemon/fake_peer.hpp"

namespace {

using namespace virtsev;
using namespace virtsev::control;

class FakeMonitor : private test::FakePeer {
 public:
  FakeMonitor(int listener, std::uint32_t version)
      : listener_(listener), version_(version), old_(version == 1) {}

  [[noreturn]] void run() {
    for (;;) {
      pollfd ready[2] = {{listener_.get(), POLLIN, 0}, {peer_.get(), POLLIN, 0}};
      ::poll(ready, peer_ ? 2 : 1, -1);
      if ((ready[0].revents & POLLIN) != 0) {
        peer_.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        reader_ = FrameReader();
      } else if (peer_ && ready[1].revents != 0) {
        read_peer();
      }
    }
  }

 private:
  using FakePeer::take;

  void read_peer() {
    if (!receive(peer_.get(), reader_)) {
      peer_.reset();
      if (state_ == RunState::kEmpty) {
        std::exit(0);  // Nobody else knows of it
      }
      return;
    }
    for (auto frame = reader_.next(); frame && *frame; frame = reader_.next()) {
      const auto request = decode_request(**frame);
      if (!request) {
        std::exit(3);
      }
      serial_ = (*frame)->serial;
      std::visit([this](const auto& message) { take(message); }, *request);
    }
  }

  [[noreturn]] void end(EndReason reason, const std::string& why) {
    const Ended ended{reason, why};
    send(encode(Event(ended)));
    if (end_file_) {  // The peer may be gone before it reads the event
      const Bytes content = end_file_content(ended);
      [[maybe_unused]] const ssize_t written = ::pwrite(end_file_.get(), content.data(), content.size(), 0);
    }
    std::exit(0);
  }
  [[noreturn]] static void hang() {
    for (;;) {
      ::pause();
    }
  }

  void take(const Hello&) {
    const bool first = state_ == RunState::kEmpty && version_ != 4;
    answer(HelloReply{first ? kProtocolVersion : version_, state_});
  }

  void take(const Start& start) {
    orders_ = spec::payload_of(start.machine.boot)->command_line;
    end_file_ = UniqueFd(::fcntl(start.end_file, F_DUPFD_CLOEXEC, 0));
    keeps_panicked_ = start.keeps_panicked;
    const spec::Serial* serial = spec::serial_of(start.machine);
    if (serial != nullptr && serial->terminal_master >= 0) {
      console_master_ =
          UniqueFd(::fcntl(serial->terminal_master, F_DUPFD_CLOEXEC, 0));  // So its number stays its own
    }
    remember_slots(start.machine);
    act("start=");  // crash
    if (told("start=stall")) {
      constexpr std::uint64_t kGiB = 1ULL << 30;
      for (const Progress& progress :
           {Progress{3 * kGiB, 8 * kGiB}, Progress{2 * kGiB, 8 * kGiB}, Progress{3 * kGiB, 9 * kGiB},
            Progress{10 * kGiB, 8 * kGiB}, Progress{4 * kGiB, 8 * kGiB}}) {
        send(encode(Event(progress)));
      }
      hang();
    }
    if (told("start=garbage")) {
      send({Bytes(64, 0xff), {}});
    }
    if (told("start=garbage") || told("start=hang")) {
      hang();
    }
    if (told("start=fail")) {
      answer(Failure{ErrorCode::kConfigUnsupported, "the kernel is no bzImage\x1b[31m"});
      return;
    }
    if (told("start=want")) {
      start_serial_ = serial_;
      send(encode(Event(FirmwareWanted{1, 1})));
    }
    state_ = RunState::kPaused;
    report_.measurement = told("start=empty") ? Bytes() : Bytes(48, 0xab);
    report_.api_major = 1;
    report_.api_minor = 55;
    report_.build = 24;
    report_.protection = sevcore::without_owner(start.machine.protection);
    report_.c_bit_position = 47;
    report_.reduced_phys_bits = 1;
    report_.platform = start.platform;
    vcpus_ = start.machine.vcpus;
    if (!told("start=want")) {
      answer(report_);
    }
  }

  void take(const GrantFirmware& grant) {
    answer(Done{});
    send(encode(Event(FirmwareDone{grant.number})));
    send(encode(Reply(report_), start_serial_));
  }

  void take(const OpenConsole&) {
    if (version_ < 4) {
      std::exit(3);
    }
    if (told("console=foreign")) {
      const UniqueFd foreign(::posix_openpt(O_RDWR | O_NOCTTY));
      answer(ConsoleMaster{foreign.get(), nullptr});
    } else if (told("console=none")) {
      const UniqueFd none(::open("/dev/null", O_RDWR));
      answer(ConsoleMaster{none.get(), nullptr});
    } else {
      answer(ConsoleMaster{console_master_.get(), nullptr});
    }
  }

  void take(const Query&) {
    if (told("query=ignore")) {
      return;
    }
    Status status;
    status.state = state_;
    status.has_run = has_run_;
    status.launch = report_;
    status.vcpu_time_ns.assign(vcpus_, 1000000);
    status.vcpu_threads.assign(vcpus_, static_cast<std::uint32_t>(::getpid()));
    status.resident_bytes = 4096 * 1024;
    status.plugged.assign(plugged_.begin(), plugged_.end());
    if (!old_) {
      status.console_silent = silence_;
    }
    answer(status);
  }

  void take(const Resume&) {
    if (told("resume=hang")) {
      hang();
    }
    const bool first = !has_run_;
    state_ = RunState::kRunning;
    has_run_ = true;
    answer(Done{});
    if (first) {
      act("resume=");
    }
  }

  // What the guest does by itself.
  void act(const std::string& when) {
    if (told((when + "poweroff").c_str())) {
      end(EndReason::kPoweroff, "");
    } else if (told((when + "reset").c_str())) {
      end(EndReason::kReset, "");
    } else if (told((when + "panic").c_str())) {
      end(EndReason::kPanic, "triple fault on vCPU 0");
    } else if (told((when + "pvpanic").c_str()) && keeps_panicked_) {
      state_ = RunState::kPanicked;
      send(encode(Event(Panicked{})));
    } else if (told((when + "pvpanic").c_str())) {
      end(EndReason::kPanicked, "its kernel panicked");
    } else if (told((when + "error").c_str())) {
      end(EndReason::kError, "KVM_RUN failed");
    } else if (told((when + "crash").c_str())) {
      ::raise(SIGKILL);
    } else if (told((when + "silent").c_str())) {
      silence_ = kSilence;
      send(encode(Event(ConsoleSilent{silence_})));
    } else if (told((when + "quiet").c_str())) {
      silence_ = kSilence;
    }
    be_hostile(when);
  }

  void be_hostile(const std::string& when) {
    if (told((when + "chatter").c_str())) {
      for (int i = 0; i < 2000; ++i) {
        send(encode(Event(ConsoleSilent{"silence " + std::to_string(i)})));
      }
    }
    while (told((when + "endless").c_str())) {
      OutgoingFrame tiny = encode(Event(ConsoleSilent{}));
      tiny.bytes.resize(kFrameHeaderBytes);
      tiny.bytes[3] = kFrameHeaderBytes;
      tiny.bytes[11] = 0xff;  // Its type
      send(tiny);
    }
    while (told((when + "undying").c_str())) {
      send(encode(Event(Ended{EndReason::kPoweroff, ""})));
      pollfd nothing{-1, 0, 0};
      ::poll(&nothing, 1, 100);
    }
  }

  void take(const Pause&) {
    if (told("pause=speak")) {
      silence_.clear();
    }
    if (told("pause=hang-up")) {
      console_master_.reset();
    }
    state_ = RunState::kPaused;
    answer(Done{});
  }

  void take(const PowerButton&) {
    answer(Done{});
    act("button=");
    if (!told("button=ignore")) {
      end(EndReason::kPoweroff, "");
    }
  }

  void take(const SetLink& link) {
    const bool refused = told("link=refuse") || link.id != "net0";
    answer(refused ? Reply(Failure{ErrorCode::kInvalidArgument, "no such interface"}) : Reply(Done{}));
  }

  void take(const InjectSecret& secret) {
    if (told("secret=refuse")) {
      answer(Failure{ErrorCode::kOperationFailed, "the secret's MAC is wrong"});
      return;
    }
    secret_ = secret;
    answer(Done{});
  }

  void take(const ReadMemory& read) {
    if (old_) {
      std::exit(3);
    }
    if (told("memory=refuse")) {
      answer(Failure{ErrorCode::kOperationDenied, "NODBG"});
      return;
    }
    MemoryContent memory;
    if (written_ && written_->address == read.address && written_->bytes.size() == read.length) {
      memory.bytes = written_->bytes;
      answer(memory);
      return;
    }
    for (std::uint32_t i = 0; i < read.length - (told("memory=short") ? 1 : 0); ++i) {
      memory.bytes.push_back(static_cast<std::uint8_t>(read.address + i));
    }
    answer(memory);
  }

  void take(const WriteMemory& write) {
    if (told("memory=refuse")) {
      answer(Failure{ErrorCode::kOperationDenied, "NODBG"});
      return;
    }
    written_ = write;
    answer(Done{});
  }

  /// Each vCPU's are its own: RAX is its number, RIP 0x1000 and that; until they are written.
  void take(const ReadRegisters& read) {
    if (told("registers=refuse")) {
      answer(Failure{ErrorCode::kOperationUnsupported, "SEV-ES"});
      return;
    }
    if (const auto found = registers_.find(read.vcpu); found != registers_.end()) {
      answer(RegisterContent{found->second});
      return;
    }
    VcpuRegisters registers;
    registers.general[0] = read.vcpu;
    registers.rip = 0x1000 + read.vcpu;
    answer(RegisterContent{registers});
  }

  void take(const WriteRegisters& write) {
    registers_[write.vcpu] = write.registers;
    answer(Done{});
  }

  void take(const ListMemory&) {
    if (told("memory=refuse")) {
      answer(Failure{ErrorCode::kOperationDenied, "NODBG"});
      return;
    }
    answer(MemoryRanges{{{0, 0x80000}, {0x100000, 0x20100}}});
  }

  void take(const Quit&) {
    if (told("quit=hang")) {
      hang();
    }
    answer(Done{});
    end(EndReason::kDestroyed, "");
  }

  static constexpr const char* kSilence = "vCPU 0 stands\nat 0x1000";

  UniqueFd listener_, end_file_, console_master_;
  std::uint32_t version_;
  bool old_;
  FrameReader reader_;
  std::uint32_t start_serial_ = 0;
  std::string silence_;
  RunState state_ = RunState::kEmpty;
  bool keeps_panicked_ = false, has_run_ = false;
  std::uint32_t vcpus_ = 0;
  LaunchReport report_;
  std::optional<InjectSecret> secret_;
  std::optional<WriteMemory> written_;  ///< Is what a reading of just these bytes gives
  std::map<std::uint32_t, VcpuRegisters> registers_;
};

}  // namespace

int main(int argc, char** argv) {
  int listener = -1;
  std::uint32_t version = kProtocolVersion;
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], "--control-fd") == 0) {
      listener = std::atoi(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--name") == 0) {
      if (std::strcmp(argv[i + 1], "old") == 0) {
        version = 1;
      } else if (std::strcmp(argv[i + 1], "three") == 0) {
        version = 3;
      } else if (std::strcmp(argv[i + 1], "outdated") == 0) {
        version = 4;
      }
    }
  }
  FakeMonitor(listener, version).run();
}
