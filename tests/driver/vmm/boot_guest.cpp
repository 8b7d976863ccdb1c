// SPDX-License-Identifier: LGPL-2.1-or-later
// For developers: boots a guest with virtsev-vmm alone, without virtsevd, and shows its console.
//   boot_guest --kernel FILE [--initrd FILE] [--cmdline TEXT] [--policy HEX | --unprotected] [--legacy]
//     [--vcpus N] [--memory MIB] [--type-after TEXT --type TEXT] [--press-after TEXT] [--seconds N]
//     [--entropy]  (a device on PCI)
//     [--disk FILE [--threads] [--direct]] [--tap NAME]  (a disk, io_uring's if nothing else is said; a tap
//     device)
//     [--identity FILE]  (a simulated platform's, kept from run to run)
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include "tests/driver/boot/fakes/machine_edits.hpp"
#include "tests/driver/vmm/monitor_process.hpp"

namespace virtsev::vmm::test {
namespace {

using Options = std::map<std::string, std::string>;

Options parse(int argc, char** argv) {
  Options options = {
      {"cmdline", "console=ttyS0"}, {"policy", "5"}, {"vcpus", "1"}, {"memory", "512"}, {"seconds", "120"}};
  for (int i = 1; i < argc; ++i) {
    const std::string name = std::string(argv[i]).substr(2);
    const bool flag = name == "unprotected" || name == "legacy" || name == "entropy" || name == "threads" ||
                      name == "direct";
    if (!flag && i + 1 == argc) {
      throw std::runtime_error("--" + name + " wants a value");
    }
    options[name] = flag ? "yes" : argv[++i];
  }
  return options;
}

template <typename T>
T expect(control::Reply reply) {
  if (const auto* failure = std::get_if<control::Failure>(&reply)) {
    throw std::runtime_error(failure->text);
  }
  return std::get<T>(std::move(reply));
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// From /proc/PID/schedstat, whose first number is the time on a CPU in ns.
double cpu_milliseconds(pid_t pid) {
  const UniqueFd file = open_file("/proc/" + std::to_string(pid) + "/schedstat", O_RDONLY);
  std::array<char, 64> line{};
  return ::read(file.get(), line.data(), line.size() - 1) > 0 ? std::strtod(line.data(), nullptr) / 1e6 : 0;
}

const char* name_of(control::EndReason reason) {
  constexpr const char* kNames[] = {"?", "destroyed", "poweroff", "reset", "panic", "error", "panicked"};
  return kNames[static_cast<std::uint32_t>(reason)];
}

/// As virtsevd is to open it.
UniqueFd open_tap(const std::string& name) {
  UniqueFd tap = open_file("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  const int header = 12;
  if (::ioctl(tap.get(), TUNSETIFF, &request) != 0 || ::ioctl(tap.get(), TUNSETVNETHDRSZ, &header) != 0) {
    throw std::runtime_error("no tap device " + name + ": " + std::strerror(errno));
  }
  return tap;
}

int run(const Options& options) {
  const TemporaryDirectory directory;
  const double begin = now();
  MonitorProcess monitor(directory);
  control::Start start = monitor.prepare_start();
  const UniqueFd kernel = open_file(options.at("kernel"), O_RDONLY);
  boot::test::payload(start.machine).kernel = {kernel.get(), options.at("kernel")};
  UniqueFd initrd;
  if (options.contains("initrd")) {
    initrd = open_file(options.at("initrd"), O_RDONLY);
    boot::test::payload(start.machine).initrd = spec::File{initrd.get(), options.at("initrd")};
  }
  UniqueFd identity;
  if (options.contains("identity")) {
    identity = open_file(options.at("identity"), O_RDWR | O_CREAT);
    start.platform_identity = identity.get();
  }
  boot::test::payload(start.machine).command_line = options.at("cmdline");
  start.machine.memory_bytes = std::stoull(options.at("memory")) << 20;
  start.machine.vcpus = static_cast<std::uint32_t>(std::stoul(options.at("vcpus")));
  boot::test::set_policy(start.machine,
                         static_cast<std::uint32_t>(std::stoul(options.at("policy"), nullptr, 16)));
  if (options.contains("unprotected")) {
    start.machine.protection = sevcore::Unprotected{};
  }
  if (options.contains("legacy")) {
    boot::test::set_flavour(start.machine, sevcore::VmsaFlavour::kLegacy);
  }
  if (options.contains("entropy")) {
    start.machine.devices.push_back({"rng0", spec::PciAddress{1}, spec::Entropy{}});
  }
  UniqueFd image;
  if (options.contains("disk")) {
    image = open_file(options.at("disk"), O_RDWR | (options.contains("direct") ? O_DIRECT : 0));
    spec::Disk disk;
    disk.image = {image.get(), options.at("disk")};
    disk.discard = true;
    disk.threads = options.contains("threads");
    disk.serial = "boot-guest";
    start.machine.devices.push_back({"disk0", spec::PciAddress{2}, disk});
  }
  UniqueFd tap;
  if (options.contains("tap")) {
    tap = open_tap(options.at("tap"));
    spec::Interface interface;
    interface.mac = {0x52, 0x54, 0, 1, 2, 3};
    interface.taps = {tap.get()};
    start.machine.devices.push_back({"net0", spec::PciAddress{3}, interface});
  }
  const auto limit = std::chrono::seconds(std::stoul(options.at("seconds")));

  const auto report = expect<control::LaunchReport>(monitor.call(start));
  std::printf("launched after %.3f s: API %u.%u build %u, C-bit %u, secret page %#llx, measurement ",
              now() - begin, report.api_major, report.api_minor, report.build, report.c_bit_position,
              static_cast<unsigned long long>(report.secret_address));
  for (const std::uint8_t byte : report.measurement) {
    std::printf("%02x", byte);
  }
  std::puts("");
  // Of its main thread, which does all of the launch; the simulated firmware's share is in it.
  std::printf("CPU from exec to here: %.1f ms\n", cpu_milliseconds(monitor.pid()));
  monitor.echo_console();
  expect<control::Done>(monitor.call(control::Resume{}));
  if (options.contains("type") && monitor.wait_for_console(options.at("type-after"), limit)) {
    monitor.type(options.at("type") + "\n");
  }
  if (options.contains("press-after")) {
    if (monitor.wait_for_console(options.at("press-after"), limit)) {
      std::printf("\n-- power button after %.3f s\n", now() - begin);
      expect<control::Done>(monitor.call(control::PowerButton{}));
    } else {
      std::puts("\n-- the text did not come");
    }
  }
  while (const auto event = monitor.wait_for_event(limit)) {
    std::printf("\n-- after %.3f s: ", now() - begin);
    if (const auto* ended = std::get_if<control::Ended>(&*event)) {
      std::printf("ended: %s %s\n", name_of(ended->reason), ended->text.c_str());
      return 0;
    }
    std::printf("silent: %s\n", std::get<control::ConsoleSilent>(*event).text.c_str());
  }
  const auto status = expect<control::Status>(monitor.call(control::Query{}));
  std::printf("\n-- after %.3f s: still runs; %.1f MiB resident; vCPU 0 %.3f s\n", now() - begin,
              static_cast<double>(status.resident_bytes) / 1048576.0,
              static_cast<double>(status.vcpu_time_ns.at(0)) / 1e9);
  return 1;
}

}  // namespace
}  // namespace virtsev::vmm::test

int main(int argc, char** argv) {
  try {
    return virtsev::vmm::test::run(virtsev::vmm::test::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "boot_guest: %s\n", error.what());
    return 1;
  }
}
