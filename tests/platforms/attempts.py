"""What a contained process tries; prints the names of what went through."""

from __future__ import annotations

SOURCE = """
import os, socket, sys
folder, outside = sys.argv[1:3]
def spawn():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
attempts = {
    "inside": lambda: open(os.path.join(folder, "mine"), "w").close(),
    "read": lambda: open(outside).close(),
    "write": lambda: open(outside, "a").close(),
    "create": lambda: os.mkdir(outside + ".made"),
    "connect": lambda: socket.create_connection(("127.0.0.1", int(sys.argv[3])), 1),
    "fork": spawn,
    "signal": lambda: os.kill(os.getppid(), 0),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except (OSError, AttributeError):
        continue
    print(name)
"""
