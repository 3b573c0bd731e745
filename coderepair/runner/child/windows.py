"""Windows: a Job Object around each process. Untested: nothing here has run.

Bounds memory and the number of processes, and ends all of it when the job is closed. Files and the network
stay open, so level L1 is the most that this gives.
Source: "Job Objects" and `JOBOBJECT_EXTENDED_LIMIT_INFORMATION` of the Windows API documentation.
"""

from __future__ import annotations

import ctypes
from typing import Any, Dict

from .containment import Containment

EXTENDED_LIMITS, BASIC_UI = 9, 4
"""JOBOBJECTINFOCLASS."""
ACTIVE_PROCESS, PROCESS_MEMORY, JOB_MEMORY = 0x8, 0x100, 0x200
DIE_ON_UNHANDLED_EXCEPTION, KILL_ON_JOB_CLOSE = 0x400, 0x2000
FLAGS = (
    ACTIVE_PROCESS | PROCESS_MEMORY | JOB_MEMORY | DIE_ON_UNHANDLED_EXCEPTION | KILL_ON_JOB_CLOSE
)
EVERY_UI_LIMIT = 0xFF
"""Clipboard, other windows' handles, desktop, shutdown and more."""
PROCESSES = 1
SET_QUOTA, TERMINATE = 0x100, 0x1
"""Rights to a process that assigning it needs."""
BASE_MB = 64
"""What the interpreter itself takes."""


class BasicLimits(ctypes.Structure):
    """`JOBOBJECT_BASIC_LIMIT_INFORMATION`."""

    _fields_ = [
        ("per_process_time", ctypes.c_int64),
        ("per_job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    ]


class ExtendedLimits(ctypes.Structure):
    """`JOBOBJECT_EXTENDED_LIMIT_INFORMATION`."""

    _fields_ = [
        ("basic", BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    ]


def limits(memory_mb: int) -> ExtendedLimits:
    """One process with that much memory on top of its interpreter; it ends when the job is closed."""
    told = ExtendedLimits()
    told.basic.flags = FLAGS
    told.basic.active_processes = PROCESSES
    told.process_memory = told.job_memory = (memory_mb + BASE_MB) << 20
    return told


class Jobs(Containment):
    """A job for each process that was started; closing its handle ends the process."""

    def __init__(self) -> None:
        self._jobs: Dict[int, Any] = {}

    def started(self, pid: int, memory_mb: int) -> None:
        kernel = _kernel()
        job = kernel.CreateJobObjectW(None, None)
        told, ui = limits(memory_mb), ctypes.c_uint32(EVERY_UI_LIMIT)
        process = kernel.OpenProcess(SET_QUOTA | TERMINATE, False, pid)
        done = (
            kernel.SetInformationJobObject(
                job, EXTENDED_LIMITS, ctypes.byref(told), ctypes.sizeof(told)
            )
            and kernel.SetInformationJobObject(job, BASIC_UI, ctypes.byref(ui), ctypes.sizeof(ui))
            and kernel.AssignProcessToJobObject(job, process)
        )
        kernel.CloseHandle(process)
        if not done:
            kernel.CloseHandle(job)
            raise OSError("the process cannot be put into a job")
        self._jobs[pid] = job

    def memory_mb(self, _pid: int) -> float:
        return 0.0

    def kill(self, pid: int) -> None:
        job = self._jobs.pop(pid, None)
        if job is not None:
            _kernel().CloseHandle(job)


def _kernel() -> Any:
    """kernel32, with handles as wide as pointers."""
    kernel = ctypes.CDLL("kernel32", use_errno=True)
    for name in ("CreateJobObjectW", "OpenProcess"):
        getattr(kernel, name).restype = ctypes.c_void_p
    pointer, word = ctypes.c_void_p, ctypes.c_uint32
    kernel.CreateJobObjectW.argtypes = [pointer, pointer]
    kernel.OpenProcess.argtypes = [word, ctypes.c_int, word]
    kernel.SetInformationJobObject.argtypes = [pointer, ctypes.c_int, pointer, word]
    kernel.AssignProcessToJobObject.argtypes = [pointer, pointer]
    kernel.CloseHandle.argtypes = [pointer]
    return kernel
