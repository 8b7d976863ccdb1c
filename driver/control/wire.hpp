// SPDX-License-Identifier: LGPL-2.1-or-later
// What the codec's parts share: limits of fields, the frame's header, structures inside structures. Internal
// to driver/control.
#pragma once

#include <utility>

#include "driver/control/codec.hpp"
#include "driver/xdr/decoder.hpp"
#include "driver/xdr/encoder.hpp"

namespace virtsev::control::wire {

inline constexpr std::uint32_t kMaxText = 64U << 10;
inline constexpr std::uint32_t kMaxPath = 4096;
inline constexpr std::uint32_t kMaxDeviceId = 256;
inline constexpr std::uint32_t kMaxName = 4096;
/// What KVM takes for a certificate, a session or a secret (psp_copy_user_blob: 16 KiB).
inline constexpr std::uint32_t kMaxBlob = 16U << 10;
inline constexpr std::uint32_t kMaxStructure = 256U << 10;
inline constexpr std::uint32_t kMaxVcpuCount = 4096;
inline constexpr std::uint32_t kMaxRanges = 64;

/// Gives each descriptor of a message its place in the frame.
class DescriptorTable {
 public:
  void put(xdr::Encoder& out, int descriptor) {
    if (descriptor < 0) {
      out.put_int32(-1);
      return;
    }
    out.put_int32(static_cast<std::int32_t>(descriptors_.size()));
    descriptors_.push_back(descriptor);
  }
  std::vector<int> take() { return std::move(descriptors_); }

 private:
  std::vector<int> descriptors_;
};

inline int get_descriptor(xdr::Decoder& in, const Frame& frame) {
  const std::int32_t index = in.get_int32();
  if (index == -1) {
    return -1;
  }
  if (index < 0 || static_cast<std::size_t>(index) >= frame.descriptors.size()) {
    in.fail();
    return -1;
  }
  return frame.descriptors[static_cast<std::size_t>(index)].get();
}

/// Writes the header before `payload`.
inline OutgoingFrame frame(FrameKind kind, std::uint32_t type, std::uint32_t serial, xdr::Encoder payload,
                           std::vector<int> descriptors = {}) {
  xdr::Encoder header;
  header.put_uint32(static_cast<std::uint32_t>(kFrameHeaderBytes + payload.size()));
  header.put_uint32(static_cast<std::uint32_t>(kind));
  header.put_uint32(type);
  header.put_uint32(serial);
  header.put_uint32(static_cast<std::uint32_t>(descriptors.size()));
  Bytes bytes = header.take();
  const Bytes& rest = payload.bytes();
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return {std::move(bytes), std::move(descriptors)};
}

/// A text, cut where it is longer than a reader takes; at a NUL, too, which a reader refuses.
inline void put_text(xdr::Encoder& out, std::string_view value) {
  out.put_string(value.substr(0, value.find('\0')).substr(0, kMaxText));
}

/// An enumeration's value; the reader fails where it is none of first..last.
template <typename Enum>
void put_enum(xdr::Encoder& out, Enum value) {
  out.put_uint32(static_cast<std::uint32_t>(value));
}
template <typename Enum>
Enum get_enum(xdr::Decoder& in, Enum first, Enum last) {
  const std::uint32_t value = in.get_uint32();
  if (value < static_cast<std::uint32_t>(first) || value > static_cast<std::uint32_t>(last)) {
    in.fail();
    return first;
  }
  return static_cast<Enum>(value);
}

/// The same for one that later versions add to: a value that this one does not know is read as `unknown`.
template <typename Enum>
Enum get_growing_enum(xdr::Decoder& in, Enum first, Enum last, Enum unknown) {
  const std::uint32_t value = in.get_uint32();
  const bool known = value >= static_cast<std::uint32_t>(first) && value <= static_cast<std::uint32_t>(last);
  return known ? static_cast<Enum>(value) : unknown;
}

inline EndReason get_end_reason(xdr::Decoder& in) {
  // The text beside it says what it was.
  return get_growing_enum(in, EndReason::kDestroyed, EndReason::kPanicked, EndReason::kError);
}

inline RunState get_run_state(xdr::Decoder& in) {
  // The guest is there, and whether it runs is not known: nobody should count on it.
  return get_growing_enum(in, RunState::kEmpty, RunState::kPanicked, RunState::kPaused);
}

/// A structure of its own inside a message, so that a later version may add to its end.
inline void put_registers(xdr::Encoder& outer, const VcpuRegisters& registers) {
  xdr::Encoder out;
  for (const std::uint64_t value : registers.general) {
    out.put_uint64(value);
  }
  out.put_uint64(registers.rip);
  out.put_uint64(registers.rflags);
  for (const std::uint32_t selector : registers.selectors) {
    out.put_uint32(selector);
  }
  for (const std::uint64_t value : {registers.fs_base, registers.gs_base, registers.cr0, registers.cr2,
                                    registers.cr3, registers.cr4, registers.cr8, registers.efer}) {
    out.put_uint64(value);
  }
  outer.put_opaque(out.bytes());
}

inline VcpuRegisters get_registers(xdr::Decoder& outer) {
  const Bytes bytes = outer.get_opaque(kMaxStructure);
  xdr::Decoder in(bytes);
  VcpuRegisters registers;
  for (std::uint64_t& value : registers.general) {
    value = in.get_uint64();
  }
  registers.rip = in.get_uint64();
  registers.rflags = in.get_uint64();
  for (std::uint32_t& selector : registers.selectors) {
    selector = in.get_uint32();
  }
  for (std::uint64_t* value : {&registers.fs_base, &registers.gs_base, &registers.cr0, &registers.cr2,
                               &registers.cr3, &registers.cr4, &registers.cr8, &registers.efer}) {
    *value = in.get_uint64();
  }
  if (!in.ok()) {
    outer.fail();
  }
  return registers;
}

}  // namespace virtsev::control::wire
