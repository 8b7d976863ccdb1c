// SPDX-License-Identifier: LGPL-2.1-or-later
// Which system calls are left to the monitor, and when.
#pragma once

#include <cstdint>
#include <functional>

namespace virtsev::vmm {

/// What a monitor has to do depends on its guest.
struct SandboxedGuest {
  bool simulated = false;  ///< Its SEV is simulated
  std::size_t vcpus = 1;
  std::size_t devices = 0;         ///< On PCI
  std::uint64_t largest_disk = 0;  ///< As limit_growth() has it
  std::size_t slots = 0;           ///< For devices that come and go while it runs
};

/// Before the first byte of a peer, or of a kernel, is read: what it takes to make a guest, and nothing else.
/// All threads that are made from then on are held to it, too. Also sees to it that a refused call is named
/// (refused_calls.hpp). Throws std::system_error, as the others do.
void restrict_to_launch();

/// What a vCPU's thread calls first, and is held to from then on: running the vCPU, and what its exits lead
/// to. Made before the thread is.
std::function<void()> vcpu_sandbox(const SandboxedGuest& guest);

/// The same for the thread that moves the data of disks, networks and their like: what a guest's requests
/// lead to. It has no request to KVM.
std::function<void()> device_sandbox();

/// Once the guest is set up, on the thread that serves the control socket: what a running guest needs of it.
/// Files can't grow much then, and few descriptors be opened (limits.hpp).
void restrict_to_service(const SandboxedGuest& guest);

}  // namespace virtsev::vmm
