"""check, doctor and model through the real command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
from real_command import LAST_FIXED, Project

from coderepair.report.json import schema
from tests.tiny_gguf import CHATML, write_tiny


def test_check_grades_and_gives_reasons(last: Project) -> None:
    last.write("solution.py", "def last(xs):\n    return xs[0]\n")
    before = last.snapshot()
    ran = last.run("check", "solution.py")
    assert ran.code == 1
    text = ran.out.decode()
    assert "test_solution.py::test_one: pass" in text
    assert "    last([1, 2, 3])\n    expected 3, got 1" in text
    assert "    last('ab')\n    expected 'b', got 'a'" in text
    assert "1 of 3 checks pass" in text
    assert last.snapshot() == before


def test_check_in_json_is_of_the_schema(last: Project) -> None:
    for code, source in ((1, last.read()), (0, LAST_FIXED)):
        last.write("solution.py", source)
        ran = last.run("check", "solution.py", "--output-format", "json")
        document = json.loads(ran.out)
        jsonschema.validate(document, schema())
        assert ran.code == document["exit_code"] == code
        assert len(document["before"]["checks"]) == 3
    missing = last.run("check", "none.py", "--output-format", "json")
    assert (missing.code, json.loads(missing.out)["status"]) == (2, "error")


def test_check_of_doctests(project: Project) -> None:
    source = '"""Module."""\n\n\ndef twice(n):\n    """\n    >>> twice(2)\n    4\n    """\n    return n\n'
    project.write("solution.py", source)
    ran = project.run("check", "solution.py", "--tests", "solution.py")
    assert ran.code == 1
    assert b"expected 4, got 2" in ran.out


def test_check_needs_runnable_tests(last: Project) -> None:
    last.write("test_solution.py", "import no_such_module\n")
    ran = last.run("check", "solution.py")
    assert ran.code == 4
    assert "no_such_module" in ran.complaint


def test_doctor_says_what_works(last: Project) -> None:
    ran = last.run("doctor", "--model", "none")
    assert ran.code == 0, ran.out
    found = {line.split()[1]: line for line in ran.out.decode().splitlines()}
    assert last.environ["CODEREPAIR_PYTHON"] in found["project"]
    assert "pytest" in found["project"]
    assert found["isolation"].split()[2].rstrip(":") in ("L3", "L4", "L5")
    assert "no network, no new processes" in found["seccomp"]
    assert "no reading or writing" in found["Landlock"]
    assert "bounded" in found["limits"]
    assert "holds" in found["own"] or "virtual machine" in ran.out.decode()


def test_doctor_names_what_mends(last: Project, tmp_path: Path) -> None:
    subprocess.run(["python3", "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / "bin" / "python"
    ran = last.run("doctor", "--model", "none.gguf", "--python", python)
    assert ran.code == 1
    text = ran.out.decode()
    assert f"mend: {python} -m pip install pytest" in text
    assert "none.gguf" in text
    assert "Traceback" not in ran.err


def test_doctor_tries_the_model(last: Project) -> None:
    pytest.importorskip("llama_cpp")
    model = write_tiny(last.home / "tiny.gguf", chat_template=CHATML)
    ran = last.run("doctor", "--model", model, PYTHONWARNINGS="")
    assert ran.code == 0, ran.out
    assert b"loads and writes" in ran.out


def test_models_are_listed_and_described(last: Project) -> None:
    models = last.home / ".local" / "share" / "coderepair" / "models"
    models.mkdir(parents=True)
    write_tiny(models / "tiny.gguf", chat_template=CHATML)
    listed = last.run("model", "list")
    assert listed.code == 0
    assert any(
        line.startswith("tiny") and "chat" in line for line in listed.out.decode().splitlines()
    )
    described = last.run("model", "info", "tiny").out.decode()
    assert "architecture qwen2" in described
    assert "2,048 tokens" in described
    broken = last.write("broken.gguf", "not a model")
    ran = last.run("model", "info", broken)
    assert ran.code == 3
    assert "GGUF" in ran.complaint
