"""What a process gives up before it runs code it has no reason to trust. Irrevocable and inherited.

Covered on Linux: writes outside the scratch folder and reads outside the interpreter, the project
and the tests (Landlock), sockets, new processes, signals to others, changes of modes and owners
(seccomp), memory, file size, descriptors, CPU time (rlimits), death with the parent.
Not covered: metadata of files outside can be read (`stat`); changes of modes and times seem to
succeed and do nothing. Where the kernel lacks a layer the others still apply, and the self-test says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from functools import lru_cache
from typing import Any, Dict, Iterable, List, Optional

from .syscalls import (
    AUDIT_ARCH,
    LANDLOCK_ADD_RULE,
    LANDLOCK_CREATE_RULESET,
    LANDLOCK_RESTRICT_SELF,
    NUMBERS,
)

MACHINE = platform.machine()
OPEN_FILES = 256
FILE_SIZE = 64 * 1024 * 1024

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SECCOMP_MODE_FILTER = 2

_libc: Any = None
_statm = -1
_assumed = 512 * 1024 * 1024
"""Bytes that are taken to be mapped where nothing tells."""


def _system() -> Any:
    global _libc
    if _libc is None:
        _libc = ctypes.CDLL(None, use_errno=True)
    return _libc


def die_with_parent() -> None:
    """SIGKILL for this process when the process that forked it ends."""
    if sys.platform == "linux":
        _system().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit_resources(memory_mb: int, cpu_s: int) -> None:
    """Memory comes on top of what the interpreter itself has mapped already."""
    limit_memory(memory_mb)
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_CPU", cpu_s),
        ("RLIMIT_FSIZE", FILE_SIZE),
        ("RLIMIT_NOFILE", OPEN_FILES),
    ):
        _lower(getattr(resource, name), value)


def limit_memory(memory_mb: int) -> None:
    """Address space, on top of what is mapped already."""
    _lower(resource.RLIMIT_AS, _mapped() + memory_mb * 1024 * 1024)


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (bound, bound))
    except (ValueError, OSError):  # macOS refuses RLIMIT_AS
        pass


def _mapped() -> int:
    """Bytes of address space that this process, or the one it was forked from, has mapped."""
    if _statm < 0:
        return _assumed
    return int(os.pread(_statm, 64, 0).split()[0]) * resource.getpagesize()


def assume_own_size(size: int) -> None:
    """For a process that may not look: bytes that are surely as many as it has mapped."""
    global _assumed
    _assumed = size


def own_size() -> int:
    """Bytes of address space for a process that was started like this one."""
    return _mapped()


def size_descriptor() -> int:
    """What a fork has to keep open for `limit_resources`."""
    return _statm


def remember_own_size() -> None:
    """Opens what `limit_resources` will need, as /proc is out of reach later."""
    global _statm
    try:
        _statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        _statm = -1


# -- Landlock -------------------------------------------------------------------------------------

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE = sum(1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
READS = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
NET_TCP = 3
SCOPES = 3
SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/nix/store", "/sys/devices/system/cpu",
    "/dev/zero", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
)  # fmt: skip
"""Not /proc as a whole: other processes' environments hold secrets."""


def landlock_abi() -> int:
    """Version of Landlock in this kernel, 0 for none."""
    if MACHINE not in NUMBERS or not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_system().syscall(LANDLOCK_CREATE_RULESET, None, 0, 1)))


def readable_paths(project: Iterable[str]) -> List[str]:
    """What a Python process needs to read: the system's libraries, the interpreter, `sys.path`, the project."""
    editable = [
        path
        for name, module in list(sys.modules.items())
        if name.startswith("__editable__")
        for path in getattr(module, "MAPPING", {}).values()
    ]
    prefixes = (
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        os.path.dirname(os.path.abspath(__file__)),
    )
    paths = [path for path in sys.path if path]
    linked = [each for path in paths if path.endswith("-packages") for each in _linked_from(path)]
    return sorted({*SYSTEM, *prefixes, *paths, *linked, *map(str, editable), *project})


def _linked_from(folder: str) -> List[str]:
    """Where packages really lie that an installer only linked to, whole or file by file."""
    found: List[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    found.append(os.path.realpath(entry.path))
                elif entry.is_dir():
                    with os.scandir(entry.path) as files:
                        link = next((file.path for file in files if file.is_symlink()), None)
                    if link is not None:
                        found.append(os.path.dirname(os.path.realpath(link)))
    except OSError:
        pass
    return found


def confine_files(
    readable: Optional[Iterable[str]], writable: Iterable[str], listable: Iterable[str] = ()
) -> bool:
    """Writes only below `writable` and to /dev/null; reads only below `readable` (None: anywhere), and
    the names of files, not what is in them, below `listable`.

    TCP is closed and signals to processes outside are blocked too, where this kernel can do it.
    """
    abi = landlock_abi()
    if abi < 1:
        return False
    writes = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE
    writes |= (REFER if abi >= 2 else 0) | (TRUNCATE if abi >= 3 else 0)
    handled = writes | (READS if readable is not None else 0)
    fields = [handled] + ([NET_TCP] if abi >= 4 else []) + ([SCOPES] if abi >= 6 else [])
    attributes = struct.pack("=%dQ" % len(fields), *fields)
    ruleset = _system().syscall(LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for path in writable:
            _allow(ruleset, path, handled)
        _allow(ruleset, "/dev/null", (WRITE_FILE | READ_FILE | (writes & TRUNCATE)) & handled)
        for path in readable or ():
            _allow(ruleset, path, READS)
        for path in listable if readable is not None else ():
            _allow(ruleset, path, READ_DIR)
        _system().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(_system().syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            rights &= ON_FILES
        rule = struct.pack("=Qi", rights, fd)
        _system().syscall(LANDLOCK_ADD_RULE, ruleset, 1, rule, 0)
    finally:
        os.close(fd)


# -- seccomp --------------------------------------------------------------------------------------

LOAD, JUMP_EQ, JUMP_SET, JUMP_GE, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
CLONE_THREAD = 0x00010000
X32 = 0x40000000
INSTRUCTION = 8
"""Bytes of one."""

FORBIDDEN = (
    "fork", "vfork", "execve", "execveat", "socket", "bind", "listen", "connect", "ptrace",
    "process_vm_readv", "process_vm_writev", "pidfd_send_signal", "pidfd_getfd",
    "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill", "mount", "umount2", "pivot_root", "chroot",
    "unshare", "setns", "bpf", "perf_event_open", "io_uring_setup", "keyctl", "add_key",
    "request_key", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "reboot", "swapon", "swapoff", "syslog", "userfaultfd", "process_madvise",
    "open_by_handle_at", "settimeofday", "clock_settime", "sethostname", "setdomainname",
    "acct", "quotactl", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
    "fremovexattr", "setxattrat", "removexattrat", "open_tree", "move_mount", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "setpriority", "sched_setaffinity",
    "shmget", "semget", "msgget", "mq_open", "sched_setscheduler", "sched_setparam", "sched_setattr",
    "ioprio_set", "fanotify_init", "vhangup", "iopl", "ioperm",
)  # fmt: skip
FORKS = ("fork", "vfork")
PRETENDED = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "utimensat", "futimesat",
)  # fmt: skip
"""Answered with success, as copying a file into the scratch folder would fail otherwise."""


OWN_PID = 0x7E57A11E
"""Stands in a filter for the id of the process that installs it."""


def prepare_calls() -> None:
    """Makes the filter that forks of this process will install."""
    if MACHINE in NUMBERS:
        _filter(False)


@lru_cache(maxsize=2)
def _filter(forks: bool) -> bytes:
    """A BPF program over `struct seccomp_data` (number, architecture, ..., arguments)."""
    table = NUMBERS[MACHINE]
    program: List[bytes] = []

    def emit(code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        program.append(struct.pack("=HBBI", code, if_true, if_false, value & 0xFFFFFFFF))

    emit(LOAD, 4)
    emit(JUMP_EQ, AUDIT_ARCH[MACHINE], 1, 0)
    emit(RETURN, REFUSE | errno.EPERM)
    emit(LOAD, 0)
    if MACHINE == "x86_64":
        emit(JUMP_GE, X32, 0, 1)
        emit(RETURN, REFUSE | errno.EPERM)
    for names, answer in ((FORBIDDEN, errno.EPERM), (PRETENDED, 0), (("clone3",), errno.ENOSYS)):
        for name in names:
            if name in table and not (forks and name in FORKS):
                emit(JUMP_EQ, table[name], 0, 1)
                emit(RETURN, REFUSE | answer)
    if not forks:
        emit(JUMP_EQ, table["clone"], 0, 4)  # threads yes, processes no
        emit(LOAD, 16)
        emit(JUMP_SET, CLONE_THREAD, 0, 1)
        emit(RETURN, ALLOW)
        emit(RETURN, REFUSE | errno.EPERM)
    for name in ("kill", "tgkill"):
        emit(JUMP_EQ, table[name], 0, 4)
        emit(LOAD, 16)
        emit(JUMP_EQ, OWN_PID, 0, 1)
        emit(RETURN, ALLOW)
        emit(RETURN, REFUSE | errno.EPERM)
    emit(JUMP_EQ, table["prlimit64"], 0, 4)
    emit(LOAD, 16)
    emit(JUMP_EQ, 0, 0, 1)
    emit(RETURN, ALLOW)
    emit(RETURN, REFUSE | errno.EPERM)
    emit(RETURN, ALLOW)
    return b"".join(program)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def confine_calls(forks: bool = False) -> bool:
    """Installs the system call filter in this thread and all it starts; with `forks` they may fork."""
    if MACHINE not in NUMBERS or not sys.platform.startswith("linux"):
        return False
    own = struct.pack("=I", OWN_PID), struct.pack("=I", os.getpid())
    instructions = _filter(forks).replace(*own)
    code = ctypes.create_string_buffer(instructions, len(instructions))
    program = _Program(len(instructions) // INSTRUCTION, ctypes.addressof(code))
    _system().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(
        _system().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0
    )


def confine_candidate(folder: str, layers: Dict[str, bool]) -> None:
    """The layers around one candidate; its reads are bounded by the server's own confinement."""
    if sys.platform == "linux":
        _system().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    if layers.get("landlock", True):
        confine_files(None, [folder])
    if layers.get("seccomp", True):
        confine_calls()
