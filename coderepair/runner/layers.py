"""What would switch a missing layer of containment on, by what the system says of itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from coderepair.runner.isolation import ALONE, Isolation

SYSCTLS = {
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "user/max_user_namespaces": ("0", "10000"),
}
"""Below /proc/sys: the value that forbids user namespaces, and one that allows them."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, and what to do about it where it does not hold."""

    name: str
    works: bool
    text: str
    mend: str = ""


def layers(found: Isolation, platform: str = sys.platform) -> list[Layer]:
    """Every layer in the order of the levels that they make possible."""
    told = [_layer(name, name in found.layers, platform) for name in ALONE]
    own = found.level == "L5"
    return [*told, Layer("own kernel", own, "holds" if own else "no", "" if own else _MACHINE)]


def _layer(name: str, works: bool, platform: str) -> Layer:
    if works:
        return Layer(name, True, PROMISES[name])
    if not platform.startswith("linux"):
        return Layer(name, False, "only on Linux", _MACHINE)
    return Layer(name, False, "not here", MENDS[name]())


PROMISES: Mapping[str, str] = {
    "limits": "memory, files and descriptors are bounded, and the bounds cannot be raised",
    "Landlock": "no reading or writing of files beyond the project",
    "seccomp": "no network, no new processes, no signals to others",
    "namespaces": "other processes do not exist, the network has no interfaces",
}
_MACHINE = "run coderepair in a virtual machine or under gVisor (runsc do coderepair ...)"


def _landlock() -> str:
    active = read("/sys/kernel/security/lsm")
    if active and "landlock" not in active:
        return f"boot with lsm=landlock,{active}"
    return "Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK, on x86-64 or arm64"


def _seccomp() -> str:
    return "Linux with CONFIG_SECCOMP_FILTER, on x86-64 or arm64"


def _namespaces() -> str:
    for name, (forbids, allows) in SYSCTLS.items():
        if read(f"/proc/sys/{name}") == forbids:
            return f"sudo sysctl -w {name.replace('/', '.')}={allows}"
    return "in a container: --security-opt seccomp=unconfined, or --cap-add SYS_ADMIN"


def _limits() -> str:
    return "a system that keeps to RLIMIT_AS; in a container, one that does not raise it again"


MENDS: Mapping[str, Callable[[], str]] = {
    "limits": _limits,
    "Landlock": _landlock,
    "seccomp": _seccomp,
    "namespaces": _namespaces,
}


def read(path: str) -> str:
    """What a file of the system says in one line; empty where there is none."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
