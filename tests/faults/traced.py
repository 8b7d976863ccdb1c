# SPDX-License-Identifier: LGPL-2.1-or-later
"""A thread of another process under ptrace(2): makes system calls in its name, and reads its filters back. Needs root."""

import ctypes
import errno
import os
import re
import signal
import struct

SEIZE, INTERRUPT, GET_FILTER = 0x4206, 0x4207, 0x420c
CONT, DETACH, SYSCALL, GETREGS, SETREGS = 7, 17, 24, 12, 13
TRACE_SYSGOOD, EVENT_STOP = 1, 128
ALL_CHILDREN = 0x40000000  # __WALL

REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs "
             "gs").split()
ARGUMENTS = "rdi rsi rdx r10 r8 r9".split()
MASK = (1 << 64) - 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, tid, address=0, data=0):
    result = _libc.ptrace(request, tid, address, data)
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace {request:#x}: {os.strerror(error)}")
    return result


class Died(Exception):
    """The process has ended; says how."""


class Traced:
    """Stands still while the object is there and no method runs."""

    def __init__(self, pid, tid):
        self.pid, self.tid = pid, tid
        ptrace(SEIZE, tid, 0, TRACE_SYSGOOD)
        self.stop()

    def wait(self):
        """For this thread's next stop: the signal, and above it the event. The process ends for its first thread when all others
        that are traced have been waited for: the end of any of them will do."""
        while True:
            tid, status = os.waitpid(-1, ALL_CHILDREN)
            if os.WIFEXITED(status):
                raise Died(f"exit status {os.WEXITSTATUS(status)}")
            if os.WIFSIGNALED(status):
                raise Died(f"signal {os.WTERMSIG(status)}")
            if tid == self.tid:
                return status >> 8

    def stop(self):
        ptrace(INTERRUPT, self.tid)
        while self.wait() >> 8 != EVENT_STOP:
            ptrace(CONT, self.tid)

    def registers(self):
        buffer = ctypes.create_string_buffer(8 * len(REGISTERS))
        ptrace(GETREGS, self.tid, 0, ctypes.addressof(buffer))
        return dict(zip(REGISTERS, struct.unpack(f"<{len(REGISTERS)}Q", buffer.raw)))

    def set_registers(self, values):
        raw = struct.pack(f"<{len(REGISTERS)}Q", *(values[name] & MASK for name in REGISTERS))
        ptrace(SETREGS, self.tid, 0, ctypes.addressof(ctypes.create_string_buffer(raw, len(raw))))

    def call(self, number, *arguments, deliver=False):
        """Makes the call: its result, or "refused" where a filter raised SIGSYS, which the thread does not get unless `deliver`.
        Strings are put below its stack. Raises Died."""
        saved = self.registers()
        changed = dict(saved, rip=saved["rip"] - 2, rax=number, orig_rax=-1)
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(changed["rip"])
            assert memory.read(2) == b"\x0f\x05", "the thread does not stand behind a system call"
            place = saved["rsp"] - 4096
            for register, argument in zip(ARGUMENTS, arguments):
                if isinstance(argument, str):
                    memory.seek(place)
                    memory.write(argument.encode() + b"\0")
                    argument, place = place, place + 256
                changed[register] = argument
        self.set_registers(changed)
        for _ in range(2):  # To the call, and behind it
            ptrace(SYSCALL, self.tid)
            self.wait()
        result = ctypes.c_int64(self.registers()["rax"]).value
        self.set_registers(saved)
        if self.pending() & 1 << (signal.SIGSYS - 1):
            result = "refused"
            ptrace(CONT, self.tid)
            assert self.wait() & 0x7f == signal.SIGSYS
            while deliver:  # Until Died
                ptrace(CONT, self.tid, 0, signal.SIGSYS)
                self.wait()
        ptrace(INTERRUPT, self.tid)
        ptrace(CONT, self.tid)
        while self.wait() >> 8 != EVENT_STOP:
            ptrace(CONT, self.tid)
        return result

    def pending(self):
        with open(f"/proc/{self.pid}/task/{self.tid}/status") as status:
            return int(re.search(r"^SigPnd:\s*(\w+)", status.read(), re.M).group(1), 16)

    def filters(self):
        """The programs of its seccomp filters, the newest first."""
        programs = []
        while True:
            try:
                count = ptrace(GET_FILTER, self.tid, len(programs), 0)
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.EINVAL):
                    return programs
                raise
            buffer = ctypes.create_string_buffer(8 * count)
            ptrace(GET_FILTER, self.tid, len(programs), ctypes.addressof(buffer))
            programs.append(buffer.raw)

    def detach(self):
        ptrace(DETACH, self.tid)


def reap(traced):
    """After Died, for all threads that were traced: else they stay, and the process with them."""
    for thread in sorted(traced, key=lambda one: one.tid == one.pid):
        try:
            os.waitpid(thread.tid, ALL_CHILDREN)
        except ChildProcessError:
            pass


def threads(pid):
    """{thread id: name}"""
    names = {}
    for tid in sorted(map(int, os.listdir(f"/proc/{pid}/task"))):
        with open(f"/proc/{pid}/task/{tid}/comm") as comm:
            names[tid] = comm.read().strip()
    return names
