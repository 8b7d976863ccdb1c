// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers and bits of a 16550A (National Semiconductor PC16550D data sheet, table 2).
#pragma once

#include <cstdint>

namespace virtsev::vmm::serial {

// Offsets; the first two are the divisor latch while LCR says so.
inline constexpr std::uint16_t kData = 0;
inline constexpr std::uint16_t kInterruptEnable = 1;
inline constexpr std::uint16_t kInterruptIdentification = 2;  // read
inline constexpr std::uint16_t kFifoControl = 2;              // write
inline constexpr std::uint16_t kLineControl = 3;
inline constexpr std::uint16_t kModemControl = 4;
inline constexpr std::uint16_t kLineStatus = 5;
inline constexpr std::uint16_t kModemStatus = 6;
inline constexpr std::uint16_t kScratch = 7;

// IER
inline constexpr std::uint8_t kOnReceived = 0x01;
inline constexpr std::uint8_t kOnTransmitterEmpty = 0x02;
inline constexpr std::uint8_t kOnLineStatus = 0x04;
inline constexpr std::uint8_t kOnModemStatus = 0x08;
inline constexpr std::uint8_t kInterruptEnableMask = 0x0f;

// IIR
inline constexpr std::uint8_t kModemStatusChanged = 0x00;
inline constexpr std::uint8_t kNoInterrupt = 0x01;
inline constexpr std::uint8_t kTransmitterEmpty = 0x02;
inline constexpr std::uint8_t kReceived = 0x04;
inline constexpr std::uint8_t kLineStatusChanged = 0x06;
inline constexpr std::uint8_t kFifosEnabled = 0xc0;

// FCR
inline constexpr std::uint8_t kFifoEnable = 0x01;
inline constexpr std::uint8_t kClearReceiver = 0x02;

// LCR
inline constexpr std::uint8_t kDivisorLatch = 0x80;

// MCR
inline constexpr std::uint8_t kDtr = 0x01;
inline constexpr std::uint8_t kRts = 0x02;
inline constexpr std::uint8_t kOut1 = 0x04;
inline constexpr std::uint8_t kOut2 = 0x08;  // on a PC, it lets the interrupt through
inline constexpr std::uint8_t kLoopback = 0x10;
inline constexpr std::uint8_t kModemControlMask = 0x1f;

// LSR
inline constexpr std::uint8_t kDataReady = 0x01;
inline constexpr std::uint8_t kOverrun = 0x02;
inline constexpr std::uint8_t kTransmitterIdle = 0x60;  // holding register and shift register empty

// MSR: lines in the upper half, their changes in the lower one
inline constexpr std::uint8_t kCts = 0x10;
inline constexpr std::uint8_t kDsr = 0x20;
inline constexpr std::uint8_t kRing = 0x40;
inline constexpr std::uint8_t kCarrier = 0x80;
inline constexpr std::uint8_t kRingEnded = 0x04;

/// Depth of the hardware's FIFO.
inline constexpr std::size_t kFifoDepth = 16;

}  // namespace virtsev::vmm::serial
