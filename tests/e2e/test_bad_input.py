"""Whatever is given: one clear line, the right exit code, and every file as it was."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_command import LAST, LAST_FIXED, LAST_TESTS, Project, Ran

from tests.tiny_gguf import CHATML, write_tiny

TESTS = ("--tests", "test_solution.py")
CHAT_ALONE = ("--proposers", "chat", "--quiet")
QUIET_IMPORT = {"PYTHONWARNINGS": ""}
"""llama-cpp-python leaves a file open."""


def refused(project: Project, code: int, *arguments: str | Path, **environ: str) -> str:
    """The one line on standard error of a command that ends with `code` and changes nothing."""
    before = project.snapshot()
    ran = project.fix(*arguments, **environ)
    assert (ran.code, ran.out) == (code, b""), ran.err
    assert project.snapshot() == before
    assert ran.complaint.startswith("coderepair: ")
    assert "Traceback" not in ran.err
    return ran.complaint


def ended(project: Project, code: int, *arguments: str | Path, **environ: str) -> Ran:
    """A run that ends with `code` and changes nothing; it may have said more than a line."""
    before = project.snapshot()
    ran = project.fix(*arguments, **environ)
    assert ran.code == code, ran.err
    assert project.snapshot() == before
    assert "Traceback" not in ran.err
    return ran


# --- the file


def test_a_file_that_does_not_exist(last: Project) -> None:
    assert "none.py does not exist" in refused(last, 2, "none.py", *TESTS)


def test_a_folder(last: Project) -> None:
    assert "is a folder" in refused(last, 2, ".", *TESTS)


def test_an_empty_file(last: Project) -> None:
    last.write("solution.py", "")
    assert "is empty" in refused(last, 2, "solution.py", *TESTS)


def test_a_file_that_is_not_utf8(last: Project) -> None:
    last.write("solution.py", b"# \xff\xfe\n" + LAST.encode())
    assert "is not UTF-8" in refused(last, 2, "solution.py", *TESTS)


def test_a_file_of_ten_megabytes(last: Project) -> None:
    last.write("solution.py", LAST.encode() + b"# filler\n" * 1_200_000)
    assert "10.8 MB" in refused(last, 2, "solution.py", *TESTS)


def test_a_syntax_error_is_a_bug_to_repair(last: Project) -> None:
    last.write("solution.py", LAST_FIXED.replace("):", ")"))
    ran = last.fix("solution.py", *TESTS)
    assert ran.code == 1
    assert "syntax" in ran.err.lower()


# --- the function and the tests


def test_a_function_that_is_not_there(last: Project) -> None:
    for arguments in (["solution.py::lost"], ["solution.py", "--function", "lost"]):
        said = refused(last, 2, *arguments, *TESTS)
        assert "lost" in said
        assert "last" in said.replace("lost", "")


def test_a_test_file_that_is_not_there(last: Project) -> None:
    assert "none.py" in refused(last, 2, "solution.py", "--tests", "none.py")


def test_no_tests_named_and_none_found(project: Project) -> None:
    project.write("solution.py", LAST)
    assert "--tests" in refused(project, 2, "solution.py")


def test_tests_that_are_empty(last: Project) -> None:
    last.write("test_solution.py", "")
    assert "no tests" in refused(last, 4, "solution.py", *TESTS)


def test_a_node_id_that_is_not_there(last: Project) -> None:
    said = refused(last, 4, "solution.py", "--tests", "test_solution.py::test_lost")
    assert "test_lost" in said


def test_a_keyword_that_matches_nothing(last: Project) -> None:
    refused(last, 4, "solution.py", *TESTS, "-k", "nothing_like_this")


def test_tests_that_cannot_be_imported(last: Project) -> None:
    last.write("test_solution.py", "import no_such_module_here\n" + LAST_TESTS)
    assert "no_such_module_here" in refused(last, 4, "solution.py", *TESTS)


def test_tests_with_a_syntax_error(last: Project) -> None:
    last.write("test_solution.py", "def test_(:\n")
    assert "test_solution.py" in refused(last, 4, "solution.py", *TESTS)


def test_tests_that_are_flaky(last: Project) -> None:
    last.write(
        "test_solution.py",
        "import random\n" + LAST_TESTS.replace("last([7]) == 7", "random.random() < 0.5")
        + "".join(
            f"\n\ndef test_random_{n}():\n    assert random.random() < 0.5\n" for n in range(20)
        ),
    )  # fmt: skip
    assert "disagree" in refused(last, 4, "solution.py", *TESTS)


def test_tests_that_depend_on_the_order_of_sets_are_flaky(last: Project) -> None:
    first = f"\n\ndef test_first():\n    assert hash('ab') % 64 != {_hash_of_ab() % 64}\n"
    last.write("test_solution.py", LAST_TESTS + first)
    assert "order of sets" in refused(last, 4, "solution.py", *TESTS, "-q")


def _hash_of_ab() -> int:
    """hash('ab') under the seed that the runner does not use."""
    code = [sys.executable, "-c", "print(hash('ab'))"]
    return int(subprocess.check_output(code, env={**os.environ, "PYTHONHASHSEED": "1"}))


def test_tests_that_hang_are_ended(last: Project) -> None:
    last.write(
        "test_solution.py", LAST_TESTS + "\n\ndef test_hang():\n    while True:\n        pass\n"
    )
    ran = ended(last, 1, "solution.py", *TESTS, "--test-timeout", "0.5", "--timeout", "10")
    assert "timeout" in ran.err


@pytest.mark.slow
def test_tests_that_hang_at_import_are_ended(last: Project) -> None:
    last.write("test_solution.py", "while True:\n    pass\n" + LAST_TESTS)
    refused(last, 4, "solution.py", *TESTS, "--test-timeout", "0.5", "--timeout", "10")


# --- the model


def test_a_model_file_that_is_missing(last: Project) -> None:
    said = refused(last, 3, "solution.py", *TESTS, "--model", "none.gguf", "-q")
    assert "none.gguf" in said


def test_a_model_file_of_a_wrong_kind(last: Project) -> None:
    model = last.write("wrong.gguf", b"PK\x03\x04" + b"\0" * 5000)
    assert "GGUF" in refused(last, 3, "solution.py", *TESTS, "--model", model, "-q")


def test_a_model_file_that_is_cut(last: Project) -> None:
    header = struct.pack("<4sIQQ", b"GGUF", 3, 100, 20)
    model = last.write("cut.gguf", header + b"\0" * 100)
    assert "truncated" in refused(last, 3, "solution.py", *TESTS, "--model", model, "-q")


def test_a_model_file_that_is_too_large_for_memory(last: Project) -> None:
    """A tebibyte by its length, nearly nothing on the disk."""
    pytest.importorskip("llama_cpp")
    model = write_tiny(last.home / "huge.gguf", chat_template=CHATML)
    with model.open("r+b") as file:
        file.truncate(1 << 40)
    said = refused(last, 3, "solution.py", *TESTS, "--model", model, *CHAT_ALONE, **QUIET_IMPORT)
    assert "GiB of memory" in said


def test_a_prompt_that_is_longer_than_the_context(last: Project) -> None:
    """Refused with the numbers, never cut in silence."""
    pytest.importorskip("llama_cpp")
    model = write_tiny(last.home / "short.gguf", chat_template=CHATML, context=64)
    ran = ended(last, 3, "solution.py", *TESTS, "--model", model, *CHAT_ALONE, **QUIET_IMPORT)
    complaint = ran.err.splitlines()[-1]
    assert re.search(r"prompt about last has \d+ tokens, .* leaves \d+", complaint)


# --- the disk


def test_a_read_only_file_is_refused_before_the_work(last: Project) -> None:
    (last.path / "solution.py").chmod(0o444)
    said = refused(last, 2, "solution.py", *TESTS, "--write")
    assert "read-only" in said
    assert "chmod u+w" in said
    assert last.fix("solution.py", *TESTS, "--diff").code == 1


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for the project and little more."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 512)
        except OSError:
            return


def test_a_full_disk_leaves_the_file_as_it_was(last: Project, full_disk: Path) -> None:
    project = Project(full_disk, last.home, last.environ)
    project.write("solution.py", LAST + "# padding\n" * 600)
    project.write("test_solution.py", LAST_TESTS)
    _fill(full_disk)
    before = project.snapshot()
    ran = project.fix("solution.py", *TESTS, "--write", "--quiet")
    assert ran.code == 3
    assert "no space left" in ran.complaint
    assert project.snapshot() == before


def test_a_full_disk_for_the_run_log_is_one_line(last: Project, full_disk: Path) -> None:
    _fill(full_disk)
    said = refused(
        last, 3, "solution.py", *TESTS, "--quiet", CODEREPAIR_RUNS_DIR=str(full_disk / "r")
    )
    assert "runs_dir" in said or "runs-dir" in said


# --- the interpreter


def test_an_interpreter_that_is_none(last: Project) -> None:
    said = refused(last, 2, "solution.py", *TESTS, "--python", "/none/python")
    assert "/none/python" in said


def test_an_interpreter_without_pytest(last: Project, tmp_path: Path) -> None:
    subprocess.run(["python3", "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"
    said = refused(last, 4, "solution.py", *TESTS, "--python", python)
    assert "pytest" in said
    assert "pip install" in said


def test_an_interpreter_that_is_none_of_python(last: Project) -> None:
    said = refused(last, 2, "solution.py", *TESTS, "--python", "/bin/true")
    assert "does not start as a Python interpreter" in said


def test_an_interpreter_that_is_too_old(last: Project) -> None:
    python = last.write("old", "#!/bin/sh\necho 2 7 1\n")
    python.chmod(0o755)
    said = refused(last, 4, "solution.py", *TESTS, "--python", python)
    assert "Python 2.7" in said
    assert "3.8 or newer" in said
