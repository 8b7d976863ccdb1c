// SPDX-License-Identifier: LGPL-2.1-or-later
// What a machine that boots directly must keep before anything is composed from it, whoever sent it.
#pragma once

#include "driver/boot/linux/bzimage.hpp"
#include "driver/spec/machine.hpp"

namespace virtsev::boot {

/// Throws Error naming the value that this machine can't have.
void check(const spec::Machine& machine);

/// Throws Error where the command line is too long for the machine or for this kernel, or has a NUL in it.
void check_command_line(const spec::Payload& payload, const BzImage& kernel);

}  // namespace virtsev::boot
