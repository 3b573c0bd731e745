"""The measurement of static analysis in a generated project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from coderepair.bench.project import generate
from coderepair.project.index import load


def test_projects_are_the_same_for_a_seed(tmp_path: Path) -> None:
    written = [
        generate(tmp_path / name, 2_000, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert all(1_500 < lines <= 2_000 for lines in written)
    one, two, three = (load(tmp_path / name, tmp_path / "kept") for name in "abc")
    assert one.modules == two.modules != three.modules
    assert all(len(index.definitions) > 100 for index in (one, three))


def test_the_command_tells_what_each_look_costs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coderepair.bench.project", "--lines", "1500", "--repeats", "1"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    assert (told["findings"], told["entries"]) == (2, 5)
    assert all(told[look]["cpu_s"] > 0 for look in ("cold", "disk", "memory"))
