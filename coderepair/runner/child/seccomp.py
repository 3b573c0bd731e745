"""Which system calls a process may make: a list of what is allowed, as a seccomp filter (`seccomp(2)`)."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from functools import lru_cache
from typing import Dict, Iterable, List, Tuple

from . import system
from .calls import ALLOWED, FORBIDDEN, PRETENDED
from .syscalls import AUDIT_ARCH, NUMBERS

MACHINE = platform.machine()
MODE_FILTER = 2
LOAD, JUMP, JUMP_EQ, JUMP_SET, JUMP_GT, JUMP_GE, RETURN = 0x20, 0x05, 0x15, 0x45, 0x25, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
"""Where `struct seccomp_data` has the call, the machine, and the lower halves of two arguments."""
CLONE_THREAD = 0x00010000
X32 = 0x40000000
INSTRUCTION = 8
"""Bytes of one."""
OWN_PID = 0x7E57A11E
"""Stands in a filter for the id of the process that installs it."""

FOR_FORKING = ("fork", "vfork", "clone", "setsid", "setpgid", "prctl", "capset")
"""What a process may do beyond a candidate that forks others and confines them."""
NAMES = (15, 16, 0x53564D41)
"""prctl: PR_SET_NAME, PR_GET_NAME, PR_SET_VMA."""
ASKED = (2, 3, 21, 23, 30, 39, 42)
"""prctl: what only asks. Dying with the parent and staying closed to debuggers cannot be taken back."""
OWNERS = (8, 10, 15)
"""fcntl: F_SETOWN, F_SETSIG, F_SETOWN_EX, by which the kernel signals another process for us."""
DEVICES = (0x8901, 0x8902, 0x5412, 0x541C)
"""ioctl: FIOSETOWN, SIOCSPGRP; TIOCSTI, TIOCLINUX, by which a terminal reads what was never typed."""


def works(layers: Dict[str, bool]) -> bool:
    """Whether candidates get a filter: it is not switched off, and there is one for this machine."""
    return layers.get("seccomp", True) and MACHINE in NUMBERS and system.LINUX


def prepare_calls() -> None:
    """Makes the filter that forks of this process will install."""
    if MACHINE in NUMBERS:
        _prepared(MACHINE, False)


class Code:
    """A BPF program in the making; jumps are counted in instructions to skip."""

    def __init__(self) -> None:
        self.parts: List[bytes] = []

    def emit(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self.parts.append(struct.pack("=HBBI", code, if_true, if_false, value & 0xFFFFFFFF))

    def on(self, numbers: Iterable[int], answer: int) -> None:
        """Returns `answer` for these calls; one return serves them all."""
        runs = ranges(numbers)
        left = sum(1 if low == high else 2 for low, high in runs)
        for low, high in runs:
            if low != high:
                left -= 1
                self.emit(JUMP_GE, low, 0, 1)
            left -= 1
            if low == high:
                self.emit(JUMP_EQ, low, left + 1, 0)
            else:
                self.emit(JUMP_GT, high, 0, left + 1)
        self.emit(JUMP, 1)
        self.emit(RETURN, answer)

    def where(self, number: int, offset: int, values: Iterable[int], hit: int, miss: int) -> None:
        """For one call: `hit` if an argument is one of `values`, else `miss`."""
        values = tuple(values)
        self.emit(JUMP_EQ, number, 0, len(values) + 3)
        self.emit(LOAD, offset)
        for index, value in enumerate(values):
            self.emit(JUMP_EQ, value, len(values) - index, 0)
        self.emit(RETURN, miss)
        self.emit(RETURN, hit)


def ranges(numbers: Iterable[int]) -> List[Tuple[int, int]]:
    """Runs of consecutive numbers, first and last of each."""
    found: List[Tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


@lru_cache(maxsize=4)
def program(machine: str, forks: bool) -> bytes:
    """The filter over `struct seccomp_data` for that machine, with `OWN_PID` for the process's id."""
    table, code = NUMBERS[machine], Code()
    denied = REFUSE | errno.EPERM
    code.emit(LOAD, ARCHITECTURE)
    code.emit(JUMP_EQ, AUDIT_ARCH[machine], 1, 0)
    code.emit(RETURN, denied)
    code.emit(LOAD, NUMBER)
    if machine == "x86_64":
        code.emit(JUMP_GE, X32, 0, 1)
        code.emit(RETURN, denied)
    more = FOR_FORKING if forks else ()
    code.on(numbers_of(table, (*ALLOWED, *more)), ALLOW)
    code.on(numbers_of(table, PRETENDED), REFUSE)
    code.on(numbers_of(table, [name for name in FORBIDDEN if name not in more]), denied)
    if not forks:
        code.emit(JUMP_EQ, table["clone"], 0, 4)  # threads yes, processes no
        code.emit(LOAD, FIRST)
        code.emit(JUMP_SET, CLONE_THREAD, 0, 1)
        code.emit(RETURN, ALLOW)
        code.emit(RETURN, denied)
        code.where(table["prctl"], FIRST, NAMES + ASKED, ALLOW, denied)
    for name in ("kill", "tgkill"):
        code.where(table[name], FIRST, [OWN_PID], ALLOW, denied)
    code.where(table["prlimit64"], FIRST, [0], ALLOW, denied)
    code.where(table["fcntl"], SECOND, OWNERS, denied, ALLOW)
    code.where(table["ioctl"], SECOND, DEVICES, denied, ALLOW)
    code.emit(RETURN, REFUSE | errno.ENOSYS)  # the C library has another way for what is new
    return b"".join(code.parts)


def numbers_of(table: "dict[str, int]", names: Iterable[str]) -> List[int]:
    """Of the calls that this machine has."""
    return [table[name] for name in names if name in table]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


class Filter:
    """A filter in memory, ready to be installed."""

    def __init__(self, instructions: bytes) -> None:
        """Wherever `OWN_PID` stands, it will be the id of the process that installs it."""
        own, at = struct.pack("=I", OWN_PID), -1
        self._places: List[int] = []
        while (at := instructions.find(own, at + 1)) >= 0:
            self._places.append(at)
        self._code = ctypes.create_string_buffer(instructions, len(instructions))
        given = _Program(len(instructions) // INSTRUCTION, ctypes.addressof(self._code))
        self._given, self._pointer = given, ctypes.byref(given)

    def install(self) -> bool:
        """For this thread and all it starts; whether the kernel took it."""
        pid = os.getpid()
        for place in self._places:
            struct.pack_into("=I", self._code, place, pid)
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
        call = system.libc().prctl
        return bool(call(system.PR_SET_SECCOMP, MODE_FILTER, self._pointer, 0, 0) == 0)


@lru_cache(maxsize=4)
def _prepared(machine: str, forks: bool) -> Filter:
    return Filter(program(machine, forks))


def confine_calls(forks: bool = False) -> bool:
    """Installs the system call filter in this thread and all it starts; with `forks` they may fork."""
    if MACHINE not in NUMBERS or not system.LINUX:
        return False
    return _prepared(MACHINE, forks).install()


def install(instructions: bytes) -> bool:
    """A filter for this thread and all it starts; whether the kernel took it."""
    return Filter(instructions).install()
