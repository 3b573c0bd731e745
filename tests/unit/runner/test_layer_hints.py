"""The tables and filters of the sandbox, for machines that are not at hand too."""

from __future__ import annotations

import errno
import re
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from coderepair.runner.child import disk, landlock, seccomp
from coderepair.runner.child.calls import ALLOWED, FORBIDDEN, PRETENDED
from coderepair.runner.child.syscalls import AUDIT_ARCH, NUMBERS

HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    "aarch64": ("/usr/include/asm-generic/unistd.h",),
}
DEFINED = re.compile(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\s*$", re.MULTILINE)
CONDITIONAL = ("clone", "prctl", "kill", "tgkill", "prlimit64", "fcntl", "ioctl")
MACHINES = ("x86_64", "aarch64")
PID = 4321


def answer(machine: str, number: int, *args: int, forks: bool = False) -> str:
    """What the filter says to a call: runs it as `Documentation/networking/filter.rst` describes."""
    given = (*args, *[0] * (6 - len(args)))
    data = struct.pack("=IIQ6Q", number, AUDIT_ARCH[machine], 0, *given)
    code = seccomp.program(machine, forks)
    code = code.replace(struct.pack("=I", seccomp.OWN_PID), struct.pack("=I", PID))
    at = accumulator = 0
    while True:
        op, true, false, k = struct.unpack_from("=HBBI", code, 8 * at)
        at += 1
        if op == seccomp.RETURN:
            names = {seccomp.ALLOW: "allow", seccomp.REFUSE: "pretend"}
            return names.get(k) or errno.errorcode[k & 0xFFFF]
        if op == seccomp.LOAD:
            (accumulator,) = struct.unpack_from("=I", data, k)
            continue
        if op == seccomp.JUMP:
            at += k
            continue
        jumps = {
            seccomp.JUMP_EQ: accumulator == k,
            seccomp.JUMP_GE: accumulator >= k,
            seccomp.JUMP_GT: accumulator > k,
            seccomp.JUMP_SET: bool(accumulator & k),
        }
        at += true if jumps[op] else false


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_gets_the_answer_of_its_group(machine: str) -> None:
    table = NUMBERS[machine]
    for names, expected in ((ALLOWED, "allow"), (FORBIDDEN, "EPERM"), (PRETENDED, "pretend")):
        found = {name: answer(machine, table[name]) for name in names if name in table}
        assert set(found.values()) == {expected}, found
    named = {
        table[name] for name in (*ALLOWED, *FORBIDDEN, *PRETENDED, *CONDITIONAL) if name in table
    }
    rest = {answer(machine, number) for number in range(600) if number not in named}
    assert rest == {"ENOSYS"}


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_whose_arguments_decide(machine: str) -> None:
    table = NUMBERS[machine]
    told = {
        "thread": answer(machine, table["clone"], 0x3D0F00),
        "process": answer(machine, table["clone"], 17),
        "clone3": answer(machine, table["clone3"]),
        "own signal": answer(machine, table["kill"], PID, 9),
        "signal": answer(machine, table["kill"], 1, 9),
        "group": answer(machine, table["kill"], -1 & 0xFFFFFFFF, 9),
        "own limits": answer(machine, table["prlimit64"], 0),
        "others' limits": answer(machine, table["prlimit64"], 1),
        "name": answer(machine, table["prctl"], 15),
        "death with parent": answer(machine, table["prctl"], 1),
        "debuggers": answer(machine, table["prctl"], 4, 1),
        "owner": answer(machine, table["fcntl"], 3, 8, 1),
        "flags": answer(machine, table["fcntl"], 3, 3),
        "terminal": answer(machine, table["ioctl"], 0, 0x5412),
        "size": answer(machine, table["ioctl"], 0, 0x5401),
    }
    assert told == {
        "thread": "allow", "process": "EPERM", "clone3": "ENOSYS", "own signal": "allow",
        "signal": "EPERM", "group": "EPERM", "own limits": "allow", "others' limits": "EPERM",
        "name": "allow", "death with parent": "EPERM", "debuggers": "EPERM", "owner": "EPERM",
        "flags": "allow", "terminal": "EPERM", "size": "allow",
    }  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
def test_a_process_that_forks_candidates_may_do_that_and_no_more(machine: str) -> None:
    table = NUMBERS[machine]
    for name in seccomp.FOR_FORKING:
        assert answer(machine, table.get(name, table["clone"]), forks=True) == "allow"
    for name in ("execve", "socket", "connect", "ptrace", "mount", "kill"):
        assert answer(machine, table[name], forks=True) == "EPERM"


def test_calls_of_another_machine_are_refused() -> None:
    for machine in MACHINES:
        code = seccomp.program(machine, False)
        wrong = code.replace(struct.pack("=I", AUDIT_ARCH[machine]), struct.pack("=I", 1), 1)
        assert wrong != code  # the filter compares with it
        op, true, _, k = struct.unpack_from("=HBBI", code, 8)
        assert (op, true, k) == (seccomp.JUMP_EQ, 1, AUDIT_ARCH[machine])
        assert struct.unpack_from("=HBBI", code, 16)[3] == seccomp.REFUSE | errno.EPERM
    assert answer("x86_64", seccomp.X32 + 1) == "EPERM"


@pytest.mark.parametrize("machine", MACHINES)
def test_numbers_agree_with_the_kernel_s_headers_where_there_are_any(machine: str) -> None:
    """arm64 uses the generic numbers, so the headers of any machine can check them."""
    texts = [Path(path).read_text() for path in HEADERS[machine] if Path(path).exists()]
    for text in texts:
        told = {name: int(number) for name, number in DEFINED.findall(text)}
        told.setdefault("newfstatat", told.get("fstatat", -1))
        wrong = {
            name: (number, told[name])
            for name, number in NUMBERS[machine].items()
            if name in told and told[name] != number
        }
        assert wrong == {}
        assert len(set(NUMBERS[machine]) & set(told)) > 200


def test_tables_are_consistent() -> None:
    for table in NUMBERS.values():
        assert len(set(table.values())) == len(table)
        assert all(0 <= number < 600 for number in table.values())
    x86, arm = NUMBERS["x86_64"], NUMBERS["aarch64"]
    shared = [name for name in arm if arm[name] >= 424]  # numbered alike since Linux 5.1
    assert all(x86[name] == arm[name] for name in shared)
    assert len(shared) > 30
    assert not {"fork", "vfork", "open", "chmod", "iopl"} & set(arm)  # arm64 never had them
    assert set(arm) - set(x86) == set()
    every = (*ALLOWED, *FORBIDDEN, *PRETENDED, *CONDITIONAL)
    assert len(set(every)) == len(every)
    assert set(every) | {"clone3"} == set(x86)


def test_ranges() -> None:
    assert seccomp.ranges([5, 3, 4, 9, 9]) == [(3, 5), (9, 9)]
    assert seccomp.ranges([]) == []


@pytest.mark.parametrize(
    ("abi", "size", "handled", "granted_by_new"),
    [
        (1, 8, 0x1FFF, 0),
        (2, 8, 0x3FFF, landlock.REFER),
        (3, 8, 0x7FFF, landlock.TRUNCATE),
        (4, 16, 0x7FFF, 0),
        (5, 16, 0xFFFF, landlock.IOCTL_DEV),
        (6, 24, 0xFFFF, 0),
        (7, 24, 0xFFFF, 0),
        (99, 24, 0xFFFF, 0),
    ],
)
def test_each_version_of_landlock_is_asked_for_what_it_can(
    abi: int, size: int, handled: int, granted_by_new: int
) -> None:
    """Rights by version: `Documentation/userspace-api/landlock.rst`, "Previous limitations"."""
    asked = landlock.attributes(abi, reads=True)
    assert len(asked) == size
    assert struct.unpack_from("=Q", asked)[0] == handled
    assert handled & granted_by_new == granted_by_new
    rights = landlock.rights(abi)
    assert (rights.network == 3, rights.scopes == 3) == (abi >= 4, abi >= 6)


def test_versions_of_landlock_only_add() -> None:
    for old, new in pairwise(map(landlock.rights, range(9))):
        assert all(before & after == before for before, after in zip(old, new, strict=True))
    assert landlock.rights(0) == (0, 0, 0, 0)
    unread = struct.unpack("=Q", landlock.attributes(3, reads=False))[0]
    assert not unread & landlock.READS


def test_all_files_of_a_program_count_together(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("a", "deep/b", "deep/er/c"):
        (tmp_path / name).write_bytes(b"x" * 100_000)
    assert not disk.exceeds(str(tmp_path))
    assert not disk.exceeds(str(tmp_path), total=400_000)
    assert disk.exceeds(str(tmp_path), total=299_999)
    assert not disk.exceeds(str(tmp_path), entries=5)
    assert disk.exceeds(str(tmp_path), entries=4)
    assert not disk.exceeds(str(tmp_path / "gone"))


def test_a_link_is_not_followed_and_a_hole_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(10**9)
    assert not disk.exceeds(str(tmp_path), total=10**6)
