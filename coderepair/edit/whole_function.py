"""Replies that hold the whole function, as chat models write them: fenced or not, with prose around,
inside a class or a whole file, with imports of its own, indented any way.

Small models miss every stricter format, so what can be understood is; what cannot is refused with a
text that can be shown to the model.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from coderepair.edit.cut import cut_functions
from coderepair.edit.elision import elided
from coderepair.edit.layout import relayout, unit_of
from coderepair.edit.module import insert_definitions
from coderepair.edit.regions import (
    FunctionNode,
    indentation,
    program_of,
    region_text,
    reindent,
    replace_region,
)
from coderepair.errors import EditError
from coderepair.model import Program

INSTRUCTIONS = (
    "Answer with the whole corrected function in one fenced block that starts with ```python. "
    "Keep its name and parameters. Leave nothing out and write no other code."
)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*$", re.MULTILINE)
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_OTHER_LANGUAGES = {
    "bash",
    "console",
    "diff",
    "json",
    "output",
    "sh",
    "shell",
    "text",
    "txt",
    "xml",
}


@dataclass(frozen=True, slots=True)
class _Definition:
    """A definition of the function that was found in a reply."""

    text: str
    """Dedented."""
    module: ast.Module | None
    """The parsed block around it, from which imports and helpers are taken."""


def parse(reply: str, base: Program, name: str, region: int, targets: tuple[str, ...]) -> Program:
    """The program of `base` with its function `name`, which is region `region`, as in the reply.

    Of several definitions the last that differs from the present one counts. Imports and helper
    functions that it uses and the file lacks are put at the top of the file or in front of it.
    Raises `EditError`.
    """
    reply = _THINKING.sub("", reply.replace("\r\n", "\n"))
    present = textwrap.dedent(region_text(base, region)) if base.regions else base.source
    definitions = _definitions(reply, name)
    if not definitions:
        raise EditError(_why_none(reply, name))
    changed = [each for each in definitions if _differs(each.text, present)]
    if not changed:
        raise EditError(f"the function {name} of the reply is the one that fails; nothing changed")
    chosen = changed[-1]
    if what := elided(chosen.text, present):
        raise EditError(f"the reply leaves out part of {name} ({what}); write all of it")
    if not base.regions:
        return _into_broken_file(chosen, base, name, targets)
    text = _with_decorators(chosen.text, present)
    prefix = indentation(region_text(base, region))
    program = replace_region(base, region, relayout(text, unit_of(present), prefix))
    if chosen.module is not None:
        program = insert_definitions(program, region, chosen.module, text)
    check_compiles(program.source, name)
    return program


def check_compiles(source: str, name: str) -> None:
    """Raises `EditError` with the line of the file if a program is not valid Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<reply>", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise EditError(f"{name} is not valid Python: {error.msg} at `{line[:80]}`") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise EditError(f"{name} cannot be compiled: {error}") from error


def blocks(reply: str) -> list[str]:
    """Contents of the fenced blocks, an unclosed last one included; the reply itself if it has none.

    Blocks that are labelled as something other than code are left out.
    """
    found, position = [], 0
    while opening := _FENCE.search(reply, position):
        fence = opening[1]
        closing = re.compile(rf"^[ \t]*{fence[0]}{{{len(fence)},}}[ \t]*$", re.MULTILINE)
        end = closing.search(reply, opening.end())
        body = reply[opening.end() : end.start() if end else len(reply)]
        if opening[2].lower() not in _OTHER_LANGUAGES:
            found.append(body.strip("\n"))
        position = end.end() if end else len(reply)
    return found or [reply]


def _definitions(reply: str, name: str) -> list[_Definition]:
    found: list[_Definition] = []
    for block in blocks(reply):
        found += _definitions_in(block, name)
    return found or list(_cut(reply, name))


def _definitions_in(block: str, name: str) -> list[_Definition]:
    """Definitions in one block: through the syntax tree if it has one, cut out if it is broken."""
    text = textwrap.dedent(block)
    module = _parse(text)
    if module is None and "\t" in text:
        text = textwrap.dedent(block.expandtabs(4))
        module = _parse(text)
    if module is None:
        return list(_cut(text, name))
    return [
        _Definition(_source(text, node), module) for node in _functions(module, name.split("."))
    ]


def _cut(text: str, name: str) -> Iterator[_Definition]:
    for piece in cut_functions(text, name.rpartition(".")[2]):
        definition = textwrap.dedent(piece)
        if _parse(definition) is not None:
            yield _Definition(definition.rstrip(), None)


def _functions(module: ast.Module, path: list[str]) -> list[FunctionNode]:
    """Definitions under their qualified name, or else under the simple name at any level."""
    simple = path[-1]
    named = [node for node in ast.walk(module) if isinstance(node, FunctionNode)]
    named = [node for node in named if node.name == simple]
    scope: list[ast.stmt] = module.body
    for part in path[:-1]:
        if part == "<locals>":
            continue
        scope = [
            child
            for node in scope
            if isinstance(node, ast.ClassDef | FunctionNode) and node.name == part
            for child in node.body
        ]
    exact = [node for node in named if node in scope]
    return exact or sorted(named, key=lambda node: node.lineno)


def _source(text: str, node: FunctionNode) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    lines = text.split("\n")[first - 1 : node.end_lineno]
    return textwrap.dedent("\n".join(lines)).rstrip()


def _parse(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _differs(text: str, present: str) -> bool:
    old, new = _parse(present), _parse(text)
    if old is None or new is None:
        return text.strip() != present.strip()
    return ast.dump(old) != ast.dump(_parse(_with_decorators(text, present)) or new)


def _with_decorators(text: str, present: str) -> str:
    """The function with the decorators it has now, where the reply wrote none."""
    if text.lstrip().startswith("@") or not present.lstrip().startswith("@"):
        return text
    match = re.search(r"^(async\s+def|def)\b", present, re.MULTILINE)
    return present[: match.start()] + text if match else text


def _into_broken_file(
    chosen: _Definition, base: Program, name: str, targets: tuple[str, ...]
) -> Program:
    """Replaces a definition in a file that does not parse, or the file if the reply is all of it."""
    simple = name.rpartition(".")[2]
    candidates = []
    for piece in [*_line_cut(base.source, simple), *cut_functions(base.source, simple)]:
        new = reindent(chosen.text, indentation(piece))
        candidates.append(base.source.replace(piece.rstrip("\n"), new, 1))
    if chosen.module is not None and _names(base.source) <= _names(ast.unparse(chosen.module)):
        candidates.append(ast.unparse(chosen.module) + "\n")
    for source in candidates:
        try:
            check_compiles(source, name)
        except EditError:
            continue
        return program_of(source, targets)
    raise EditError(f"the file is still not valid Python after {name} was replaced")


def _line_cut(source: str, name: str) -> list[str]:
    """From each `def name` to the line before the next one that is indented no deeper."""
    lines = source.split("\n")
    found = []
    for start, line in enumerate(lines):
        if not re.match(rf"\s*(async\s+)?def\s+{re.escape(name)}\b", line):
            continue
        depth = len(indentation(line))
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or len(indentation(lines[end])) > depth):
            end += 1
        found.append("\n".join(lines[start:end]).rstrip())
    return found


def _names(source: str) -> set[str]:
    return set(re.findall(r"^\s*(?:async\s+def|def|class)\s+(\w+)", source, re.MULTILINE))


def _why_none(reply: str, name: str) -> str:
    simple = name.rpartition(".")[2]
    if not reply.strip():
        return "the reply is empty"
    if simple in _names(reply):
        return f"the function {name} of the reply is not valid Python or was cut off"
    others = sorted(_names(reply))
    if others:
        return f"the reply defines {', '.join(others[:3])} instead of {name}; keep the name"
    return f"the reply holds no definition of {name}"
