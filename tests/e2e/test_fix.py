"""The main job through the real command: what is shown, what is written, and how it ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from real_command import IMPOSSIBLE, LAST, LAST_FIXED, LAST_TESTS, TWO, TWO_TESTS, Project

from coderepair.report.json import schema


def test_without_a_terminal_a_patch_is_shown_and_nothing_written(last: Project) -> None:
    before = last.snapshot()
    ran = last.fix("solution.py", "--tests", "test_solution.py")
    assert ran.code == 1
    assert ran.out.startswith(b"diff --git a/solution.py b/solution.py\n--- a/solution.py\n")
    assert last.snapshot() == before
    assert "3 of 3 checks fail" in ran.err
    assert "last([7])" in ran.err
    assert "verified: 2 of 2 tests pass (0 before)" in ran.err
    assert "-m pytest" in ran.err
    assert "solved: " in ran.err


@pytest.mark.parametrize("form", [["--diff"], []])
def test_git_apply_takes_the_patch(last: Project, form: list[str]) -> None:
    patch = last.fix("solution.py", "--tests", "test_solution.py", "-q", *form).out
    done = subprocess.run(["git", "apply", "-"], cwd=last.path, input=patch, check=False)
    assert done.returncode == 0
    assert last.read() == LAST_FIXED


def test_write_writes_and_undo_takes_back(last: Project) -> None:
    (last.path / "solution.py").chmod(0o640)
    before = last.snapshot()
    ran = last.fix("solution.py", "--tests", "test_solution.py", "--write")
    assert ran.code == 0
    assert b"repaired: 3 of 3 checks pass (0 of 3 before)" in ran.out
    assert last.read() == LAST_FIXED
    after = last.snapshot()
    assert {name for name in after if after[name] != before.get(name)} == {"solution.py"}
    assert after["solution.py"][0] == before["solution.py"][0]
    assert last.run("runs", "undo", "last").code == 0
    assert last.snapshot() == before
    again = last.run("runs", "undo", "last")
    assert (again.code, "already" in again.complaint) == (0, True)


def test_undo_refuses_a_file_that_changed_since(last: Project) -> None:
    assert last.fix("solution.py", "--tests", "test_solution.py", "-w").code == 0
    last.write("solution.py", LAST_FIXED + "# mine\n")
    ran = last.run("runs", "undo", "last")
    assert ran.code == 2
    assert "changed since" in ran.complaint
    assert last.read() == LAST_FIXED + "# mine\n"


def test_a_run_that_wrote_nothing_has_nothing_to_undo(last: Project) -> None:
    last.fix("solution.py", "--tests", "test_solution.py")
    ran = last.run("runs", "undo", "last")
    assert ran.code == 2
    assert "wrote nothing" in ran.complaint


def test_json_is_of_the_published_schema(last: Project) -> None:
    ran = last.fix("solution.py", "--tests", "test_solution.py", "--output-format", "json")
    document = json.loads(ran.out)
    jsonschema.validate(document, schema())
    assert ran.code == document["exit_code"] == 1
    assert document["status"] == "repair_available"
    assert document["file"] == "solution.py"
    assert document["targets"] == ["last"]
    assert document["before"]["passed"] == 0
    assert document["after"]["passed"] == document["after"]["total"] == 3
    assert document["verification"]["ok"]
    assert document["spent"]["evaluations"] >= 1
    assert document["spent"]["calls"] == 0
    written = last.fix(
        "solution.py", "--tests", "test_solution.py", "--output-format", "json", "--write"
    )
    document = json.loads(written.out)
    assert (written.code, document["status"], document["written"]) == (0, "repaired", True)


def test_json_lines_tell_the_run_as_it_goes(last: Project) -> None:
    ran = last.fix("solution.py", "--tests", "test_solution.py", "--output-format", "jsonl")
    events = [json.loads(line) for line in ran.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[:2] == ["started", "baseline"]
    assert kinds[-1] == "result"
    assert {"tried", "solved", "verified"} <= set(kinds)
    jsonschema.validate(events[-1], schema())
    tried = [each for event in events if event["event"] == "tried" for each in event["tried"]]
    assert all(each["proposer"] == "operators" and each["description"] for each in tried)


def test_errors_are_json_too(last: Project) -> None:
    ran = last.fix("none.py", "--tests", "test_solution.py", "--output-format", "json")
    document = json.loads(ran.out)
    jsonschema.validate(document, schema())
    assert (ran.code, document["exit_code"], document["status"]) == (2, 2, "error")
    assert document["message"] in ran.complaint


def test_concise_is_one_line(last: Project) -> None:
    ran = last.fix("solution.py", "--tests", "test_solution.py", "--output-format", "concise")
    assert ran.out == b"solution.py: repaired: 3 of 3 checks pass (0 of 3 before)\n"


def test_reports_go_to_files_beside_any_output(last: Project, tmp_path: Path) -> None:
    names = {"json": "r.json", "diff": "r.patch", "text": "r.txt", "jsonl": "r.jsonl"}
    reports = [f"--report={form}={tmp_path / name}" for form, name in names.items()]
    ran = last.fix(
        "solution.py", "--tests", "test_solution.py", "--output-format", "concise", *reports
    )
    assert ran.out.count(b"\n") == 1
    jsonschema.validate(json.loads((tmp_path / "r.json").read_text()), schema())
    assert (tmp_path / "r.patch").read_bytes().startswith(b"diff --git")
    assert "repaired: 3 of 3" in (tmp_path / "r.txt").read_text()
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) >= 4


@pytest.mark.parametrize("path", ["solution.py", "test_solution.py", "none/r.json"])
def test_a_report_never_replaces_an_input(last: Project, path: str) -> None:
    before = last.snapshot()
    ran = last.fix("solution.py", "--tests", "test_solution.py", "--report", f"json={path}")
    assert ran.code == 2
    assert "--report" in ran.complaint
    assert last.snapshot() == before


def test_standard_input_to_standard_output(last: Project) -> None:
    last.write("solution.py", "raise SystemExit('not this one')\n")
    before = last.snapshot()
    arguments = ("-", "--stdin-filename", "solution.py", "--tests", "test_solution.py")
    ran = last.fix(*arguments, data=LAST.encode())
    assert (ran.code, ran.out) == (0, LAST_FIXED.encode())
    assert last.snapshot() == before
    passing = last.fix(*arguments, data=LAST_FIXED.encode())
    assert (passing.code, passing.out) == (0, LAST_FIXED.encode())


def test_standard_input_that_is_not_repaired_comes_back_as_it_was(last: Project) -> None:
    last.write("test_solution.py", IMPOSSIBLE)
    hopeless = b"def last(xs):\r\n    return 'never'\r\n"
    ran = last.fix(
        "-", "--stdin-filename", "solution.py", "--tests", "test_solution.py",
        "--max-candidates", "1", data=hopeless,
    )  # fmt: skip
    assert (ran.code, ran.out) == (1, hopeless)


def test_tests_that_pass_already_end_at_once_without_a_model(last: Project) -> None:
    last.write("solution.py", LAST_FIXED)
    ran = last.run(
        "fix", "solution.py", "--tests", "test_solution.py", "--model", "none", "--debug"
    )
    assert (ran.code, ran.out) == (0, b"")
    assert "pass already" in ran.err
    # An unusable model is not even looked at: nothing is loaded before it is needed.
    broken = last.write("broken.gguf", "no model")
    ran = last.run("fix", "solution.py", "--tests", "test_solution.py", "--model", broken)
    assert ran.code == 0


def test_a_spent_budget_says_which_limit(last: Project) -> None:
    last.write("test_solution.py", IMPOSSIBLE)
    ran = last.fix(
        "solution.py", "--tests", "test_solution.py", "--max-candidates", "3",
        "--output-format", "json",
    )  # fmt: skip
    document = json.loads(ran.out)
    assert ran.code == 1
    assert document["status"] == "budget_exhausted"
    assert document["stopped_by"] == "evaluations"
    assert document["spent"]["evaluations"] <= 3
    assert "--max-candidates" in document["message"]


def test_the_same_seed_repeats_a_run(last: Project) -> None:
    last.write("test_solution.py", IMPOSSIBLE)

    def tried() -> list[object]:
        more = ("--seed", "3", "--workers", "1", "--max-candidates", "20")
        ran = last.fix("solution.py", "--output-format", "jsonl", "--quiet", *more)
        return [json.loads(line).get("tried") for line in ran.out.splitlines()]

    first = tried()
    assert len(first) > 5
    assert first == tried()


def test_tests_are_found_by_name(last: Project) -> None:
    (last.path / "tests").mkdir()
    (last.path / "test_solution.py").rename(last.path / "tests" / "test_solution.py")
    last.write("conftest.py", "")
    assert last.fix("solution.py", "--write").code == 0
    assert last.read() == LAST_FIXED


def test_several_tests_may_follow_one_flag(last: Project) -> None:
    last.write(
        "test_other.py", "from solution import last\n\ndef test_o():\n    assert last('x') == 'x'\n"
    )
    ran = last.fix(
        "solution.py", "--tests", "test_solution.py", "test_other.py", "--output-format", "json"
    )
    assert len(json.loads(ran.out)["tests"]) == 2


def test_node_ids_keywords_and_functions_narrow_the_job(project: Project) -> None:
    project.write("solution.py", TWO)
    project.write("test_solution.py", TWO_TESTS)
    for narrowed in (
        ["--tests", "test_solution.py::test_half"],
        ["--tests", "test_solution.py", "-k", "half", "--function", "half"],
    ):
        ran = project.fix("solution.py", *narrowed, "--output-format", "json")
        document = json.loads(ran.out)
        assert document["status"] == "repair_available", document["message"]
        assert document["before"]["total"] == 2
        assert "+    return xs" not in document["diff"]
    ran = project.fix("solution.py::half", "--tests", "test_solution.py::test_half", "-w")
    assert ran.code == 0
    assert project.read().endswith(LAST)


@pytest.mark.slow
def test_two_wrong_functions_are_both_mended(project: Project) -> None:
    project.write("solution.py", TWO)
    project.write("test_solution.py", TWO_TESTS)
    ran = project.fix("solution.py", "--tests", "test_solution.py", "--write", "--timeout", "60")
    assert ran.code == 0
    assert project.run("check", "solution.py").code == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LAST.replace("\n", "\r\n"), LAST_FIXED.replace("\n", "\r\n")),
        (LAST.rstrip("\n"), LAST_FIXED.rstrip("\n")),
        ("\ufeff" + LAST, "\ufeff" + LAST_FIXED),
    ],
    ids=["carriage-returns", "no-final-newline", "byte-order-mark"],
)
def test_the_way_a_file_is_written_is_kept(last: Project, before: str, after: str) -> None:
    last.write("solution.py", before)
    ran = last.fix("solution.py", "--write", "--output-format", "diff")
    assert ran.code == 0
    assert (last.path / "solution.py").read_bytes() == after.encode()
    last.write("solution.py", before)
    subprocess.run(["git", "apply", "-"], cwd=last.path, input=ran.out, check=True)
    assert (last.path / "solution.py").read_bytes() == after.encode()


@pytest.mark.slow
def test_another_encoding_is_kept(last: Project) -> None:
    head = "# -*- coding: latin-1 -*-\nNAME = '\u00e9'\n\n\n"
    last.write("solution.py", (head + LAST).encode("latin-1"))
    assert last.fix("solution.py", "--tests", "test_solution.py", "-w").code == 0
    assert (last.path / "solution.py").read_bytes() == (head + LAST_FIXED).encode("latin-1")


def test_a_symbolic_link_leads_to_its_target(last: Project, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.py"
    (last.path / "solution.py").rename(target)
    (last.path / "solution.py").symlink_to(target)
    assert last.fix("solution.py", "--tests", "test_solution.py", "-w").code == 0
    assert (last.path / "solution.py").is_symlink()
    assert target.read_text() == LAST_FIXED


def test_git_is_never_touched(last: Project) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
        done = subprocess.run(command, cwd=last.path, capture_output=True, text=True, check=True)
        return done.stdout

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "start")
    last.write("test_solution.py", LAST_TESTS + "# not committed\n")
    before = (last.path / ".git" / "index").read_bytes()
    assert last.fix("solution.py", "--tests", "test_solution.py", "-w").code == 0
    assert (last.path / ".git" / "index").read_bytes() == before
    assert git("status", "--porcelain").split() == ["M", "solution.py", "M", "test_solution.py"]


def test_patches_are_relative_to_the_work_tree(last: Project) -> None:
    subprocess.run(["git", "init", "-q"], cwd=last.path.parent, check=True)
    ran = last.fix("solution.py", "--tests", "test_solution.py", "--diff")
    assert ran.out.startswith(b"diff --git a/project/solution.py")
    subprocess.run(["git", "apply", "-"], cwd=last.path, input=ran.out, check=True)
    assert last.read() == LAST_FIXED
