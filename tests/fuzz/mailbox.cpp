// SPDX-License-Identifier: LGPL-2.1-or-later
// Any sequence of firmware commands over a small memory: the firmware stays within it, answers every command
// with a status of the specification, and can still say how it is afterwards.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sevcore/firmware/firmware_core.hpp"

namespace {

using namespace virtsev;
using namespace virtsev::sevcore;

/// 32 KiB, at every address: the high bits are left out, so that random addresses hit it. Private memory is
/// plain.
class SmallMemory : public FirmwareMemory {
 public:
  bool read(std::uint64_t address, MutableBytes out) override {
    const auto place = at(address, out.size());
    std::copy_n(place.begin(), place.size(), out.begin());
    return place.size() == out.size();
  }
  bool write(std::uint64_t address, ByteView in) override {
    const auto place = at(address, in.size());
    std::copy_n(in.begin(), place.size(), place.begin());
    return place.size() == in.size();
  }
  bool encrypt(std::uint32_t, std::uint64_t address, std::uint64_t length) override {
    return at(address, length).size() == length;
  }
  bool read_private(std::uint32_t, std::uint64_t address, MutableBytes plain) override {
    return read(address, plain);
  }
  bool write_private(std::uint32_t, std::uint64_t address, ByteView plain) override {
    return write(address, plain);
  }

 private:
  /// Empty where it reaches beyond the end.
  MutableBytes at(std::uint64_t address, std::uint64_t length) {
    address &= kSize - 1;
    return length <= kSize - address ? MutableBytes(bytes_).subspan(address, length) : MutableBytes();
  }
  static constexpr std::uint64_t kSize = 32 << 10;
  Bytes bytes_ = Bytes(kSize);
};

/// Making one takes four key pairs.
PlatformIdentity identity() {
  static const Bytes kBytes = serialise(make_platform_identity());
  return std::move(*parse_platform_identity(kBytes));
}

/// As long as the longest command's structure.
constexpr std::size_t kBuffer = sizeof(SendStartBuffer);
constexpr std::size_t kCommands = 64;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SmallMemory memory;
  FirmwareCore core(identity(), {4, 3}, memory);
  ByteView input(data, size);
  // First bytes: what lies in memory. Then commands: a number, a length, a structure.
  const std::size_t content = std::min<std::size_t>(input.size(), input.empty() ? 0 : input[0] * 16U);
  memory.write(0, input.first(content));
  input = input.subspan(content);
  for (std::size_t count = 0; count < kCommands && input.size() >= 2; ++count) {
    const auto command = static_cast<MailboxCommand>(input[0]);
    ByteArray<kBuffer> buffer{};
    const std::size_t length = std::min<std::size_t>((input[1] & 0x7fU) % (kBuffer + 1), input.size() - 2);
    const bool cut_off = (input[1] & 0x80U) != 0;
    std::copy_n(input.begin() + 2, length, buffer.begin());
    input = input.subspan(2 + length);
    const FirmwareStatus status =
        core.submit(command, MutableBytes(buffer).first(cut_off ? length : kBuffer));
    if (status > FirmwareStatus::kInvalidKey) {
      std::abort();
    }
  }
  PlatformStatusBuffer status;
  if (core.submit(MailboxCommand::kPlatformStatus,
                  {reinterpret_cast<std::uint8_t*>(&status), sizeof(status)}) != FirmwareStatus::kSuccess) {
    std::abort();
  }
  return 0;
}
