"""Programs that read standard input and are judged by what they write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real_command import Project

SUM = "n = int(input())\nxs = list(map(int, input().split()))\nprint(sum(xs[: n - 1]))\n"
SUM_FIXED = SUM.replace("n - 1", "n")


@pytest.fixture
def script(project: Project) -> Project:
    """A script that leaves out the last number."""
    project.write("sum.py", SUM)
    project.write("cases/1.in", "3\n1 2 3\n")
    project.write("cases/1.out", "6   \n\n")
    project.write("cases/2.in", "1\n5\n")
    project.write("cases/2.ans", "5\r\n")
    return project


def checks(project: Project, *arguments: str) -> dict[str, tuple[str, float]]:
    ran = project.run("check", "sum.py", "--output-format", "json", *arguments)
    assert ran.code in (0, 1), ran.err
    found = json.loads(ran.out)["before"]["checks"]
    return {each["id"]: (each["outcome"], each["closeness"]) for each in found}


def test_a_script_is_repaired(script: Project) -> None:
    ran = script.fix("sum.py", "--io-tests", "cases", "--write", "--output-format", "json", "-q")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["verification"]["ok"]
    assert script.read("sum.py") == SUM_FIXED


def test_a_function_of_a_program_is_repaired_by_lines_of_json(script: Project) -> None:
    source = (
        "import sys\n\n\ndef total(xs):\n    return sum(xs[1:])\n\n\ndef main():\n"
        "    sys.stdin.readline()\n    print(total(list(map(int, sys.stdin.read().split()))))\n\n\n"
        'if __name__ == "__main__":\n    main()\n'
    )
    script.write("sum.py", source)
    cases = [{"input": "2\n4 5\n", "output": "9"}, {"input": "3\n7 7 2\n", "output": "16\n"}]
    script.write("cases.jsonl", "\n".join(map(json.dumps, cases)))
    ran = script.fix("sum.py", "--io-tests", "cases.jsonl", "--write", "-q")
    assert ran.code == 0, ran.err
    assert script.read("sum.py") == source.replace("xs[1:]", "xs")


EVERYTHING = """\
import atexit
import os
import sys
import threading

kind = input()
if kind == "atexit":
    atexit.register(lambda: os.write(1, b"7"))
elif kind == "thread":
    threading.Thread(target=lambda: print(7)).start()
elif kind == "exit":
    print(7)
    sys.exit()
elif kind == "fails":
    print(7)
    sys.exit(3)
elif kind == "raises":
    raise KeyError(kind)
elif kind == "hangs":
    while True:
        pass
elif kind == "floods":
    while True:
        print("7" * 100000)
elif kind == "peeks":
    print(open(os.path.join(os.path.dirname(__file__), "cases", "6-peeks.out")).read())
"""


def test_programs_end_in_many_ways(script: Project) -> None:
    for path in (script.path / "cases").iterdir():
        path.unlink()
    expected = {
        "1-atexit": "pass", "2-thread": "pass", "3-exit": "pass", "4-fails": "error",
        "5-raises": "error", "6-peeks": "error", "7-floods": "error", "8-hangs": "timeout",
    }  # fmt: skip
    script.write("sum.py", EVERYTHING)
    for name in expected:
        script.write(f"cases/{name}.in", f"{name[2:]}\n7")
        script.write(f"cases/{name}.out", "7")
    found = checks(script, "--io-tests", "cases", "--test-timeout", "2")
    assert {name: outcome for name, (outcome, _) in found.items()} == expected


def test_no_cases_is_one_line(script: Project) -> None:
    before = script.snapshot()
    for arguments, code, said in (
        (["--io-tests", "none"], 2, "is not there"),
        (["--io-tests", "sum.py"], 2, "NAME.in and NAME.out"),
        (["--io-tests", "cases", "-k", "nothing"], 4, "no case"),
        (["--io-tests", "cases", "--tests", "t.py"], 2, "choose one"),
    ):
        ran = script.fix("sum.py", *arguments)
        assert (ran.code, said in ran.complaint) == (code, True), ran.err
    assert script.snapshot() == before


def test_cases_that_are_broken_are_one_line(script: Project, tmp_path: Path) -> None:
    script.write("alone/x.in", "1")
    assert "x.out" in script.fix("sum.py", "--io-tests", "alone").complaint
    script.write("bad.jsonl", '{"input": "1"}\n')
    ran = script.fix("sum.py", "--io-tests", "bad.jsonl")
    assert ran.code == 4
    assert "bad.jsonl:1" in ran.complaint
