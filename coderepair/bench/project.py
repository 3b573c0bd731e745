"""`python -m coderepair.bench.project`: what static analysis and retrieval cost in a large project.

The project is generated from a seed: packages of modules with classes and functions that call each other.
Cold reads every file; `disk` is another process's first look with what that kept; `memory` every later one.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from coderepair.bench.version import code_version
from coderepair.edit.regions import program_of
from coderepair.feedback.cocogen import entries, static_errors
from coderepair.model import Task

LINES = 50_000
_PER_MODULE = 200
_WORDS = (
    *("order", "item", "price", "stock", "user", "account", "invoice", "tax", "report", "table"),
    *("query", "cache", "file", "path", "node", "tree", "graph", "edge", "token", "parser"),
    *("event", "queue", "worker", "task", "result", "value", "record", "field", "index", "page"),
)


def generate(root: Path, lines: int, seed: int = 0) -> int:
    """Writes a project of about that many lines below `root`; how many there are."""
    rng = random.Random(seed)
    names: list[str] = []
    written = 0
    for number in range(max(1, lines // _PER_MODULE)):
        package = root / f"part{number // 20}"
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        text = _module(rng, names, number)
        (package / f"{rng.choice(_WORDS)}_{number}.py").write_text(text, encoding="utf-8")
        written += text.count("\n")
    return written


def _module(rng: random.Random, names: list[str], number: int) -> str:
    parts = ["import json", "import math", ""]
    while sum(part.count("\n") + 1 for part in parts) < _PER_MODULE - 12:
        name = f"{rng.choice(_WORDS)}_{rng.choice(_WORDS)}_{number}_{len(parts)}"
        other = rng.choice(names) if names else "len"
        names.append(name)
        words = " ".join(rng.choices(_WORDS, k=6))
        if rng.random() < 0.3:
            parts += [f"\nclass {name.title().replace('_', '')}:", f'    """Keeps {words}."""\n']
            for method in rng.sample(_WORDS, 4):
                parts += [f"    def {method}(self, value: int, limit: int = 3) -> int:"]
                parts += [f'        """The {words} of it."""', "        return value + limit\n"]
        else:
            parts += [f"\ndef {name}(first, second=0, *, third=None):", f'    """Makes {words}."""']
            parts += ["    total = math.sqrt(first) + second", "    for each in range(third or 3):"]
            parts += ["        if each % 2:", "            total += each"]
            parts += [f"    return json.dumps({{'{other}': total}})\n"]
    return "\n".join(parts) + "\n"


def task_in(root: Path) -> Task:
    """A function of the project that calls what is not there."""
    source = "import math\n\n\ndef broken(items):\n    return math.sqroot(pricing(items))\n"
    path = root / "part0" / "broken.py"
    path.write_text(source, encoding="utf-8")
    return Task(str(path), source, ("broken",), (), str(root), sys.executable)


def look(task: Task) -> tuple[int, int]:
    """One look: how many findings there are, and how many entries help."""
    found = static_errors(task, program_of(task.source, task.targets))
    return len(found), len(entries(task, found, "the price of an item in the stock report"))


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds; the latter without those of child processes."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m coderepair.bench.project", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--repeats", type=int, default=5, help="of looks from memory; the median counts"
    )
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder is not None:
        sys.stdout.write(json.dumps(_looks(given.folder, given.repeats)) + "\n")
        return
    with tempfile.TemporaryDirectory(prefix="coderepair-project-") as scratch:
        root = Path(scratch, "project")
        lines = generate(root, given.lines, given.seed)
        cold, disk = (_in_process(root, Path(scratch, "cache"), given.repeats) for _ in range(2))
    document = {
        "command": " ".join(["python -m coderepair.bench.project", *sys.argv[1:]]),
        "version": code_version(),
        "lines": lines,
        "findings": cold["findings"],
        "entries": cold["entries"],
        "cold": cold["first"],
        "disk": disk["first"],
        "memory": disk["later"],
        "cold_over_disk_cpu": cold["first"]["cpu_s"] / max(1e-9, disk["first"]["cpu_s"]),
    }
    sys.stdout.write(json.dumps(document, indent=1) + "\n")


def _in_process(root: Path, cache: Path, repeats: int) -> dict[str, dict[str, float]]:
    """The looks of a fresh process that keeps its index in `cache`."""
    command = [sys.executable, "-m", "coderepair.bench.project", "--in", str(root)]
    done = subprocess.run(
        [*command, "--repeats", str(repeats)],
        env={"XDG_CACHE_HOME": str(cache), "HOME": str(cache), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, dict[str, float]] = json.loads(done.stdout)
    return told


def _looks(root: Path, repeats: int) -> dict[str, object]:
    task = task_in(root)
    first = timed(lambda: look(task))
    later = sorted(timed(lambda: look(task)) for _ in range(max(1, repeats)))
    findings, helped = look(task)
    return {
        "findings": findings,
        "entries": helped,
        "first": _seconds(first),
        "later": _seconds(later[len(later) // 2]),
    }


def _seconds(pair: tuple[float, float]) -> dict[str, float]:
    return {"wall_s": round(pair[0], 4), "cpu_s": round(pair[1], 4)}


if __name__ == "__main__":
    main()
