"""macOS: `sandbox-exec` around each process, memory watched from outside. Untested: nothing here has run.

Sources: sandbox-exec(1) and the profiles in /System/Library/Sandbox/Profiles; `struct rusage_info_v0` and
`proc_pid_rusage` of <sys/resource.h> and <libproc.h>. RLIMIT_AS is not kept to there.
"""

from __future__ import annotations

import ctypes
import subprocess
from typing import Any, List, Sequence

from .containment import Containment

SANDBOX_EXEC = "/usr/bin/sandbox-exec"
RUSAGE_INFO_V0 = 0
PS_S = 5.0
SYSTEM = (
    "/usr/lib", "/usr/share", "/System/Library", "/System/Volumes/Preboot/Cryptexes", "/Library/Apple",
    "/Library/Frameworks", "/private/var/db/dyld", "/private/var/db/timezone", "/private/etc/localtime",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
)  # fmt: skip


class _Usage(ctypes.Structure):
    """`struct rusage_info_v0`."""

    _fields_ = [
        ("uuid", ctypes.c_uint8 * 16),
        *[
            (name, ctypes.c_uint64)
            for name in (
                "user_time", "system_time", "pkg_idle_wkups", "interrupt_wkups", "pageins",
                "wired_size", "resident_size", "phys_footprint", "proc_start_abstime",
                "proc_exit_abstime",
            )
        ],
    ]  # fmt: skip


def quoted(path: str) -> str:
    """A string of the profile language."""
    return '"%s"' % path.replace("\\", "\\\\").replace('"', '\\"')


def profile(interpreter: str, readable: Sequence[str], folder: str) -> str:
    """No network, no new processes, no signals to others, files only where a program needs them."""
    reads = " ".join("(subpath %s)" % quoted(path) for path in [*SYSTEM, *readable, folder])
    return "\n".join(
        (
            "(version 1)",
            "(deny default)",
            "(deny network*)",
            "(deny process-fork)",
            "(allow process-exec (literal %s))" % quoted(interpreter),
            "(allow signal (target self))",
            "(allow sysctl-read)",
            "(allow file-read-metadata)",
            "(allow file-read* %s)" % reads,
            '(allow file-write* (subpath %s) (literal "/dev/null"))' % quoted(folder),
            "",
        )
    )


class Seatbelt(Containment):
    """One profile a process; memory is asked for, as no limit on it holds."""

    watches_memory = True

    def command(self, arguments: List[str], readable: Sequence[str], folder: str) -> List[str]:
        return [SANDBOX_EXEC, "-p", profile(arguments[0], readable, folder), *arguments]

    def memory_mb(self, pid: int) -> float:
        return _footprint(pid) or _told_by_ps(pid)


def _footprint(pid: int) -> float:
    usage = _Usage()
    try:
        call: Any = ctypes.CDLL(None).proc_pid_rusage
    except AttributeError:
        return 0.0
    if call(pid, RUSAGE_INFO_V0, ctypes.byref(usage)) != 0:
        return 0.0
    return float(usage.phys_footprint) / (1 << 20)


def _told_by_ps(pid: int) -> float:
    """KiB resident, as POSIX has it."""
    try:
        done = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, timeout=PS_S, check=False
        )
        return int(done.stdout or b"0") / 1024
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0.0
