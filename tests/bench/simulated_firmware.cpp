// SPDX-License-Identifier: LGPL-2.1-or-later
// simulated_firmware DIRECTORY KIB POLICY: prints, in milliseconds of CPU time, what the software firmware
// itself takes in a process that launches one guest with so much measured memory. DIRECTORY is the
// platform's: `lib/platform` below virtsevd's root.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <string>

#include <fcntl.h>

#include "sevcore/crypto/crypto.hpp"
#include "sevcore/launch/policy.hpp"
#include "sevcore/simulated/simulated_kernel.hpp"

namespace virtsev::sevcore {
namespace {

constexpr double kNanosecondsInMillisecond = 1e6;

double cpu_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / kNanosecondsInMillisecond;
}

void check(const Outcome& outcome) {
  if (!outcome.ok()) {
    throw std::runtime_error("a command failed: errno " + std::to_string(outcome.error_number));
  }
}

void launch(const std::string& directory, MutableBytes memory, Policy policy) {
  SimulatedPlatform platform(UniqueFd(::open((directory + "/identity").c_str(), O_RDONLY | O_CLOEXEC)));
  const auto device = platform.open_device();
  const bool encrypted_state = policy.has(PolicyBit::kEs);
  const auto vm = platform.make_vm(encrypted_state ? KvmVmType::kSevEs : KvmVmType::kSev,
                                   [] { return std::vector<VcpuState>(1); });
  Init2Arguments init;
  check(vm->operate(GuestCommand::kInit2, &init));
  check(vm->register_memory(memory.data(), memory.size()));
  LaunchStartArguments start;
  start.policy = policy.value();
  check(vm->operate(GuestCommand::kLaunchStart, &start));
  LaunchUpdateDataArguments update{reinterpret_cast<std::uintptr_t>(memory.data()),
                                   static_cast<std::uint32_t>(memory.size())};
  check(vm->operate(GuestCommand::kLaunchUpdateData, &update));
  if (encrypted_state) {
    check(vm->operate(GuestCommand::kLaunchUpdateVmsa, nullptr));
  }
  ByteArray<kMeasurementSize> measurement{};
  LaunchMeasureArguments measure{reinterpret_cast<std::uintptr_t>(measurement.data()), kMeasurementSize};
  check(vm->operate(GuestCommand::kLaunchMeasure, &measure));
}

}  // namespace
}  // namespace virtsev::sevcore

int main(int count, char** arguments) {
  using namespace virtsev;
  if (count != 4) {
    std::fputs("usage: simulated_firmware DIRECTORY KIB POLICY\n", stderr);
    return 2;
  }
  const std::size_t size = std::strtoul(arguments[2], nullptr, 10) << 10U;
  auto* const memory = static_cast<std::uint8_t*>(std::aligned_alloc(kPageSize, size));
  std::fill_n(memory, size, std::uint8_t{1});  // The first touch is the kernel's work
  try {
    sevcore::crypto::read_no_configuration();  // As in virtsev-vmm
    const double before = sevcore::cpu_milliseconds();
    sevcore::launch(arguments[1], MutableBytes(memory, size),
                    sevcore::Policy(static_cast<std::uint32_t>(std::strtoul(arguments[3], nullptr, 0))));
    std::printf("%.3f\n", sevcore::cpu_milliseconds() - before);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "simulated_firmware: %s\n", error.what());
    return 1;
  }
}
