"""Functions of 3 to 60 lines from the standard library and installed packages, with their licences.

Writes JSON Lines: `source` (dedented), `name`, `package`, `version`, `license`.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import platform
import sys
import sysconfig
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from coderepair_training.execution import quiet
from coderepair_training.guard import Guard

MIN_LINES, MAX_LINES = 3, 60
MAX_CHARS = 2400
_SKIPPED_PARTS = frozenset(
    {"test", "tests", "testing", "idlelib", "lib2to3", "turtledemo", "site-packages", "_vendor"}
)
_GLUE = ("self.", "cls.")


@dataclass(frozen=True, slots=True)
class CorpusFunction:
    """A function somebody wrote, and under which licence."""

    source: str
    name: str
    package: str
    version: str
    license: str


@dataclass(frozen=True, slots=True)
class Package:
    """Python files that belong together."""

    name: str
    version: str
    license: str
    files: tuple[Path, ...]


def standard_library() -> Package:
    """The running interpreter's own library, without tests and platform packages."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = (path for path in root.rglob("*.py") if _wanted(path.relative_to(root)))
    return Package("python", platform.python_version(), "PSF-2.0", tuple(sorted(files)))


def installed(folder: Path) -> Iterator[Package]:
    """The distributions below a folder (`pip install --target`), by name."""
    found = sorted(distributions(path=[str(folder)]), key=lambda item: item.metadata["Name"])
    for distribution in found:
        files = [Path(str(item.locate())) for item in distribution.files or ()]
        kept = (f for f in files if f.suffix == ".py" and _wanted(f.relative_to(folder)))
        yield Package(
            distribution.metadata["Name"],
            distribution.version,
            _licence(distribution),
            tuple(sorted(path for path in kept if path.exists())),
        )


def _wanted(path: Path) -> bool:
    return not (_SKIPPED_PARTS & set(path.parts) or path.name.startswith("test_"))


def _licence(distribution: Distribution) -> str:
    """SPDX expression if declared, else the classifier's last part, else the licence field."""
    metadata = distribution.metadata
    for expression in metadata.get_all("License-Expression") or ():
        return str(expression)
    for classifier in metadata.get_all("Classifier") or ():
        if "License ::" in classifier:
            return str(classifier).rpartition(":: ")[2]
    fields = metadata.get_all("License") or ["unknown"]
    return str(fields[0]).split("\n")[0][:60]


def functions_of(package: Package) -> Iterator[CorpusFunction]:
    """Its functions and methods of the right length that compute something."""
    for path in package.files:
        try:
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        lines = text.split("\n")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and _computes(node):
                source = textwrap.dedent("\n".join(lines[node.lineno - 1 : node.end_lineno])) + "\n"
                if _fits(source, node):
                    yield CorpusFunction(
                        source, node.name, package.name, package.version, package.license
                    )


def _computes(node: ast.FunctionDef) -> bool:
    """Returns or yields something and has a branch, a loop, a comprehension or arithmetic."""
    kinds = {type(child) for child in ast.walk(node)}
    returns = bool(kinds & {ast.Return, ast.Yield, ast.YieldFrom})
    logic = {ast.For, ast.While, ast.If, ast.BinOp, ast.ListComp, ast.GeneratorExp, ast.Subscript}
    return returns and bool(kinds & logic)


def _fits(source: str, node: ast.FunctionDef) -> bool:
    lines = source.count("\n")
    docstring = ast.get_docstring(node) or ""
    code = len(source) - len(docstring)
    glue = sum(source.count(word) for word in _GLUE)
    parsed = _parses(source)
    return (
        parsed and MIN_LINES <= lines - docstring.count("\n") <= MAX_LINES and code <= MAX_CHARS
    ) and glue <= lines // 3


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return source.isascii()


def collect(packages: Iterable[Package], guard: Guard) -> Iterator[CorpusFunction]:
    """Distinct functions of the packages that the guard lets pass."""
    seen: set[bytes] = set()
    for package in packages:
        for function in functions_of(package):
            key = hashlib.sha256(ast.dump(ast.parse(function.source)).encode()).digest()
            if key not in seen and not guard.refuses(function.source):
                seen.add(key)
                yield function


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints the number of functions of each package."""
    parser = argparse.ArgumentParser(prog="coderepair_training.corpus", description=__doc__)
    parser.add_argument("--site", type=Path, help="folder of `pip install --target`")
    parser.add_argument("--benchmarks", type=Path, required=True, help="folder of guarded *.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    quiet()
    packages = [standard_library(), *(installed(options.site) if options.site else ())]
    counts: Counter[str] = Counter()
    with options.out.open("w", encoding="utf-8") as out:
        for function in collect(packages, Guard.of_folder(options.benchmarks)):
            counts[f"{function.package} {function.version} ({function.license})"] += 1
            out.write(json.dumps(asdict(function)) + "\n")
    for name, count in counts.most_common():
        sys.stdout.write(f"{count:6d} {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
