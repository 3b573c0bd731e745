"""Which file a document is about, and which tests judge it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from coderepair import textfile
from coderepair.cli.inputs import find_tests
from coderepair.errors import UsageError
from coderepair.task import MAX_TEST_FILES, SKIPPED_FOLDERS, find_root
from coderepair_lsp.work.job import Job


@dataclass(frozen=True, slots=True)
class Subject:
    """A file under repair, as the editor has it, and its tests."""

    path: Path
    source: str
    tests: tuple[str, ...]


def subjects(job: Job) -> Iterator[Subject]:
    """What the document may be about, most likely first, at least one. Raises `UsageError`."""
    path = Path(job.path)
    if not is_test(path) or _holds_code_of_its_own(job, path):
        yield Subject(path, text_of(job, path), _given(job) or _tests_of(job, path))
        return
    found = _under_test(path, text_of(job, path))
    if not found:
        raise UsageError(
            f"{path.name} imports no file of this project; open the file under repair instead"
        )
    for file in found:
        yield Subject(file, text_of(job, file), _given(job) or (str(path),))


def is_test(path: Path) -> bool:
    """Whether pytest would collect the file by its name."""
    name = path.name
    return name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))


def text_of(job: Job, path: Path) -> str:
    """Text of a file as the editor has it, else as the disk has it. Raises `UsageError`."""
    text = job.buffers.get(str(path))
    if text is None:
        return textfile.read(path).source
    if not path.is_file():
        raise UsageError(f"{path} is not on disk; save it, so that its tests can import it")
    return textfile.from_bytes(path, text.encode("utf-8", "surrogatepass")).source


def _holds_code_of_its_own(job: Job, path: Path) -> bool:
    """A file such as test_bench.py that is no test: it defines no test, and others test it."""
    try:
        tree = ast.parse(text_of(job, path))
    except (SyntaxError, ValueError, RecursionError):
        return False
    return not any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name.lower().startswith("test")
        for node in ast.walk(tree)
    )


def _given(job: Job) -> tuple[str, ...]:
    """The tests that the job names; patterns are relative to the workspace folder."""
    found: list[str] = []
    root = Path(job.root or Path(job.path).parent)
    for each in job.tests:
        name, separator, node = each.partition("::")
        if (root / name).exists():
            found.append(f"{root / name}{separator}{node}")
        else:
            found += sorted(str(path) for path in root.glob(name) if path.is_file())
    if job.tests and not found:
        raise UsageError(f"no file matches {', '.join(job.tests)} below {root}")
    return tuple(found)


def _tests_of(job: Job, path: Path) -> tuple[str, ...]:
    """Test files named after the file, else those that import it, else its own doctests."""
    try:
        return find_tests(path)
    except UsageError:
        importing = tuple(str(test) for test in _all_tests(path) if path in _imports(test))
        if not importing and ">>> " in text_of(job, path):
            return (str(path),)
        if not importing:
            raise
        return importing


def _all_tests(path: Path) -> list[Path]:
    return sorted(islice(_walk(find_root(path, ())), MAX_TEST_FILES))


def _walk(root: Path) -> Iterator[Path]:
    for base, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name[0] != "." and name not in SKIPPED_FOLDERS]
        yield from (Path(base, name) for name in files if is_test(Path(name)))


def _imports(test: Path) -> list[Path]:
    try:
        return _under_test(test, textfile.read(test).source)
    except UsageError:
        return []


def _under_test(test: Path, text: str) -> list[Path]:
    """Files of the project that a test file imports, the one it is named after first."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        raise UsageError(f"{test.name} has a syntax error; mend it first") from None
    root = find_root(test, ())
    folders = [test.parent, root, root / "src", *_between(root, test.parent)]
    found = [file for names in _modules(tree) for file in _resolve(names, folders, test)]
    kept = [file for file in dict.fromkeys(found) if not is_test(file) and file != test]
    named = {test.stem.removeprefix("test_"), test.stem.removesuffix("_test")}
    return sorted(kept, key=lambda file: file.stem not in named)


def _between(root: Path, folder: Path) -> list[Path]:
    return [each for each in folder.parents if each.is_relative_to(root)]


def _modules(tree: ast.Module) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """(level, module, names) of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names)


def _resolve(
    wanted: tuple[int, str, tuple[str, ...]], folders: list[Path], test: Path
) -> list[Path]:
    level, module, names = wanted
    if level:
        folders = [test.parents[level - 1]] if level <= len(test.parents) else []
    parts = module.split(".") if module else []
    for folder in folders:
        place = folder.joinpath(*parts)
        inside = [place / f"{name}.py" for name in names]
        found = [*inside, place.with_name(place.name + ".py"), place / "__init__.py"]
        existing = [file for file in found if file.is_file()]
        if existing:
            return existing
    return []
