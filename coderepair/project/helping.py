"""What of the project helps against a static error or with a task: at most five definitions.

First what the error's own words lead to in the index, by exact name, then by a similar one; then what
fits its text (CoCoGen's structural and semantic retrieval, Bi et al. 2024, with rules for its queries).
"""

from __future__ import annotations

import builtins
import difflib
import sys
from collections.abc import Iterator, Sequence

from coderepair.project.findings import Finding
from coderepair.project.index import ProjectIndex
from coderepair.project.lookup import Names
from coderepair.project.records import Definition, Kind, Module
from coderepair.project.retrieval import retrieve

MAX_ENTRIES = 5
_EXACT, _NEAR = 2, 2
"""Entries of one error by its exact name, and by similar names."""
_LIKENESS = 0.75
Entry = tuple[Module, Definition]


def help_for(
    findings: Sequence[Finding], text: str, names: Names, own: str, limit: int = MAX_ENTRIES
) -> list[str]:
    """At most `limit` entries for errors, and for the task's `text` where there is room left.

    `own` is the path, relative to the root, of the file that is changed: nothing has to be imported
    from it, and where only the task is spoken of it is shown anyway.
    """
    found: dict[str, None] = {}
    for finding in findings:
        found |= dict.fromkeys(_structural(finding, names, own))
    for finding in findings:
        words = f"{finding.subject} {finding.message}"
        near = retrieve(names.index, words, limit)
        found |= dict.fromkeys(present(entry, own) for entry in near)
    others = [entry for entry in retrieve(names.index, text, 2 * limit) if entry[0].path != own]
    found |= dict.fromkeys(present(entry, own) for entry in others)
    return list(found)[:limit]


def present(entry: Entry, own: str) -> str:
    """The import line, where one is needed, and the signature with the docstring's first line."""
    module, item = entry
    top = item.name.partition(".")[0]
    owner = f"{item.name.rpartition('.')[0]}: " if item.kind == Kind.METHOD else ""
    summary = f"  # {item.summary}" if item.summary else ""
    header = f"{owner}{item.signature}{summary}"
    return header if module.path == own else f"from {module.name} import {top}; {header}"


def _structural(finding: Finding, names: Names, own: str) -> Iterator[str]:
    match finding.code:
        case "E0602":
            yield from _defined(finding.subject, names.index, own)
        case "E0401":
            yield from _modules(finding.subject, names.index)
        case "E0611":
            yield from _of_module(finding, own)
            yield from _defined(finding.subject, names.index, own)
        case "E1101":
            yield from _members(finding, names, own)
        case "E1120" | "E1121" | "E1123" | "E1111" | "E1102" | "E1133" | "E1136":
            if finding.about is not None and finding.about.item is not None:
                yield present((finding.about.module, _callable(finding)), own)


def _defined(name: str, index: ProjectIndex, own: str) -> Iterator[str]:
    """Definitions of that name, a module of the standard library so called, similar names."""
    exact = index.by_last_name.get(name, ())
    for entry in exact[:_EXACT]:
        yield present(entry, own)
    if not exact and name in sys.stdlib_module_names:
        yield f"import {name}"
    if not exact:
        known = [each for each in index.by_last_name if each not in vars(builtins)]
        for near in _alike(name, known):
            yield present(index.by_last_name[near][0], own)


def _modules(name: str, index: ProjectIndex) -> Iterator[str]:
    """Modules whose last part is that of the one looked for, or like it."""
    wanted = name.rpartition(".")[2]
    by_last = {module.name.rpartition(".")[2]: module for module in index.modules.values()}
    for last in dict.fromkeys(
        [*([wanted] if wanted in by_last else []), *_alike(wanted, [*by_last])]
    ):
        module = by_last[last]
        shown = ", ".join(sorted(each for each in module.names if each[:1] != "_")[:8])
        yield f"import {module.name}" + (f"  # has {shown}" if shown else "")


def _of_module(finding: Finding, own: str) -> Iterator[str]:
    if finding.about is None:
        return
    module = finding.about.module
    items = {each.name: each for each in module.definitions if "." not in each.name}
    for near in _alike(finding.subject, [*items]):
        yield present((module, items[near]), own)


def _members(finding: Finding, names: Names, own: str) -> Iterator[str]:
    """Members of the class or module that are called alike, of a class the methods else."""
    about = finding.about
    if about is None:
        return
    if about.item is None:
        yield from _of_module(finding, own)
        return
    members = [each for each in names.members(about) or () if each[:2] != "__"]
    near = _alike(finding.subject, members)
    for name in near or sorted(members)[: _EXACT + _NEAR]:
        method = names.method(about, name)
        if method is not None and method.item is not None:
            yield present((method.module, method.item), own)
        elif near:
            yield f"{about.item.name}.{name}"


def _callable(finding: Finding) -> Definition:
    """What was called; of a class its constructor."""
    about = finding.about
    if about is None or about.item is None:
        raise ValueError("nothing was called")
    if about.item.kind == Kind.CLASS:
        return about.module.find(f"{about.item.name}.__init__") or about.item
    return about.item


def _alike(name: str, known: Sequence[str]) -> list[str]:
    """Names like a given one, the most similar first; case and underscores do not count."""
    plain: dict[str, str] = {}
    for each in known:
        plain.setdefault(each.lower().replace("_", ""), each)
    near = difflib.get_close_matches(
        name.lower().replace("_", ""), plain, n=_NEAR, cutoff=_LIKENESS
    )
    return [plain[each] for each in near]
