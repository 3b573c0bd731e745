"""Which system calls a candidate may make. What is in none of these groups does not exist for it (ENOSYS)."""

from __future__ import annotations

ALLOWED = (
    "read", "write", "open", "close", "stat", "fstat", "lstat", "newfstatat", "statx", "poll", "ppoll", "lseek",
    "mmap", "mprotect", "munmap", "brk", "mremap", "msync", "mincore", "madvise", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "sigaltstack",
    "restart_syscall", "pread64", "pwrite64", "readv", "writev", "preadv", "pwritev", "preadv2", "pwritev2",
    "access", "faccessat", "faccessat2", "pipe", "pipe2", "select", "pselect6", "sched_yield", "dup", "dup2",
    "dup3", "pause", "nanosleep", "clock_nanosleep", "getitimer", "setitimer", "alarm", "getpid", "getppid",
    "gettid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getresuid", "getresgid", "getpgid",
    "getpgrp", "getsid", "getcpu", "sendfile", "sendto", "recvfrom", "sendmsg", "recvmsg", "sendmmsg",
    "recvmmsg", "shutdown", "socketpair", "getsockname", "getpeername", "getsockopt", "setsockopt", "exit",
    "exit_group", "wait4", "waitid", "uname", "flock", "fsync", "fdatasync", "sync_file_range", "syncfs",
    "truncate", "ftruncate", "fallocate", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename",
    "renameat", "renameat2", "mkdir", "mkdirat", "rmdir", "creat", "link", "linkat", "unlink", "unlinkat",
    "symlink", "symlinkat", "readlink", "readlinkat", "mknod", "mknodat", "umask", "gettimeofday", "time",
    "times", "clock_gettime", "clock_getres", "getrlimit", "setrlimit", "getrusage", "sysinfo", "getpriority",
    "sched_getparam", "sched_getscheduler", "sched_getattr", "sched_get_priority_max", "sched_get_priority_min",
    "sched_rr_get_interval", "sched_getaffinity", "mlock", "munlock", "mlock2", "getxattr", "lgetxattr",
    "fgetxattr", "listxattr", "llistxattr", "flistxattr", "statfs", "fstatfs", "futex", "futex_waitv",
    "futex_wake", "futex_wait", "futex_requeue", "get_robust_list", "set_robust_list", "set_tid_address",
    "get_thread_area", "arch_prctl", "rseq", "membarrier", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "signalfd", "signalfd4",
    "timerfd_create", "timerfd_settime", "timerfd_gettime", "timer_create", "timer_settime", "timer_gettime",
    "timer_getoverrun", "timer_delete", "fadvise64", "readahead", "openat", "openat2", "splice", "tee",
    "copy_file_range", "getrandom", "close_range", "capget", "get_mempolicy", "mbind", "set_mempolicy",
    "pidfd_open", "sync", "cachestat", "getxattrat", "listxattrat", "mseal", "map_shadow_stack", "pkey_alloc",
    "pkey_free", "pkey_mprotect",
)  # fmt: skip

FORBIDDEN = (
    "fork", "vfork", "execve", "execveat", "socket", "bind", "listen", "accept", "accept4", "connect", "ptrace",
    "process_vm_readv", "process_vm_writev", "pidfd_send_signal", "pidfd_getfd", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "tkill", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "bpf",
    "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key",
    "request_key", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot",
    "swapon", "swapoff", "syslog", "userfaultfd", "process_madvise", "open_by_handle_at", "name_to_handle_at",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "acct",
    "quotactl", "quotactl_fd", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
    "fremovexattr", "setxattrat", "removexattrat", "open_tree", "open_tree_attr", "move_mount", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "setpriority", "sched_setaffinity", "shmget", "shmat",
    "shmctl", "semget", "semctl", "semop", "msgget", "msgsnd", "msgrcv", "mq_open", "sched_setscheduler",
    "sched_setparam", "sched_setattr", "ioprio_set", "fanotify_init", "fanotify_mark", "vhangup", "iopl",
    "ioperm", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "capset", "personality", "seccomp", "setpgid", "setsid", "migrate_pages", "move_pages",
    "statmount", "listmount", "file_setattr", "memfd_secret", "modify_ldt", "process_mrelease",
    "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "kcmp", "lookup_dcookie",
)  # fmt: skip

PRETENDED = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes",
    "utimensat", "futimesat",
)  # fmt: skip
"""Answered with success, as copying a file into the scratch folder would fail otherwise."""
