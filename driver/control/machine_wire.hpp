// SPDX-License-Identifier: LGPL-2.1-or-later
// A machine in a message. Internal to driver/control.
#pragma once

#include "driver/control/wire.hpp"
#include "driver/spec/machine.hpp"

namespace virtsev::control::wire {

/// A structure of its own inside the message, as are its boot, its protection and each of its devices, so
/// that a later version may add to the end of each.
void put_machine(xdr::Encoder& outer, DescriptorTable& table, const spec::Machine& machine);

/// Fails the decoder for more devices than a machine can have (machine::kLimits), and for kinds of boot,
/// device or protection that are not known: none of them can be left out.
spec::Machine get_machine(xdr::Decoder& outer, const Frame& frame);

/// One device, a structure of its own, too.
void put_device(xdr::Encoder& outer, DescriptorTable& table, const spec::DeviceDescription& device);
spec::DeviceDescription get_device(xdr::Decoder& outer, const Frame& frame);

}  // namespace virtsev::control::wire
