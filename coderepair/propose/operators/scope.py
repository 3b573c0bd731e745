"""Names, types, constants and expressions that a function can lend to its own repair."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from coderepair.propose.operators import inference, types
from coderepair.propose.operators.context import FunctionContext

_QUOTED = re.compile(r"""(?<![\w"'])(["'`])((?:(?!\1)[^\\\n]){0,30})\1(?!\w)""")
_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?:\.\d{1,6})?(?!\w|\.\d)")
_MOST_CONSTANTS = 12


class Scope:
    """What is visible in one function, computed once and shared by all families."""

    def __init__(self, context: FunctionContext) -> None:
        self.context = context

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters but `self` and `cls`, in order."""
        a = self.context.function.args
        every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
        return tuple(arg.arg for arg in every if arg.arg not in ("self", "cls"))

    @cached_property
    def locals(self) -> tuple[str, ...]:
        """Names bound in the body by assignments, loops, `with` or `except`; not in comprehensions."""
        context = self.context
        names: dict[str, None] = {}
        for node in context.nodes:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if not any(
                    isinstance(above, ast.comprehension) for above in context.ancestors(node)
                ):
                    names[node.id] = None
            elif isinstance(node, ast.ExceptHandler) and node.name:
                names[node.name] = None
        return tuple(
            name
            for name in names
            if name not in self.parameters and (not name.startswith("_") or name in self._read)
        )

    @cached_property
    def reassigned(self) -> tuple[str, ...]:
        """Parameters that the body binds anew."""
        nodes = self.context.nodes
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        return tuple(name for name in self.parameters if name in stored)

    @cached_property
    def _read(self) -> frozenset[str]:
        """Names that are read somewhere. One with a leading underscore that is not was meant to be
        thrown away, and is no ingredient."""
        nodes = self.context.nodes
        return frozenset(
            n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        )

    @cached_property
    def variables(self) -> tuple[str, ...]:
        return self.parameters + self.locals

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """Variables that are bound and never read."""
        updated = {
            node.target.id
            for node in self.context.nodes
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        }
        return tuple(n for n in self.variables if n not in self._read and n not in updated)

    @cached_property
    def unbound(self) -> tuple[str, ...]:
        """Names that are read as variables and bound nowhere in the function."""
        known = {*self.variables, *self.functions, *self._inner_names, "self", "cls"}
        called = {id(n.func) for n in self.context.nodes if isinstance(n, ast.Call)}
        used = {id(n.value) for n in self.context.nodes if isinstance(n, ast.Attribute)}
        free = [
            node.id
            for node in self.context.expressions
            if isinstance(node, ast.Name) and node.id not in known and id(node) not in called | used
        ]
        outside = set(
            re.findall(r"^(\w+)\s*(?::[^=]+)?=", self.context.around.file_text, re.MULTILINE)
        )
        return tuple(dict.fromkeys(name for name in free if name not in outside))

    def visible_at(self, node: ast.AST) -> list[str]:
        """Variables, and the targets of the comprehensions and lambdas around a node."""
        names = dict.fromkeys(self.variables)
        for above in self.context.ancestors(node):
            if isinstance(above, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
                for generator in above.generators:
                    names.update(dict.fromkeys(target_names(generator.target)))
            elif isinstance(above, ast.Lambda):
                names.update(dict.fromkeys(arg.arg for arg in above.args.args))
        return list(names)

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Attributes of `self` that the function reads or writes, as `self.name`."""
        found = [
            f"self.{node.attr}"
            for node in self.context.nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ]
        found += re.findall(r"self\.[a-z_]\w*(?=\s*(?::[^=]+)?=)", self.context.around.file_text)
        return tuple(dict.fromkeys(found))[:12]

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """Functions and classes of the file, imported names and nested functions."""
        names = re.findall(
            r"^(?:async )?(?:def|class)\s+(\w+)", self.context.around.file_text, re.MULTILINE
        )
        for line in re.findall(
            r"^from\s+\S+\s+import\s+([\w, ]+)", self.context.around.file_text, re.MULTILINE
        ):
            names += [part.split()[-1] for part in line.split(",") if part.strip()]
        names += [node.name for node in self.context.nodes if isinstance(node, ast.FunctionDef)]
        return tuple(dict.fromkeys(names))

    # ---- types --------------------------------------------------------------------------------

    @cached_property
    def types(self) -> dict[str, str]:
        """Guessed types of names; `f()` is what `f` returns and `xs[]` an element of `xs`."""
        return inference.infer(self.context, self.result_type, self.arguments)

    def type_of(self, node: ast.AST) -> str:
        return types.guess(node, self.types)

    @cached_property
    def neutral(self) -> tuple[str, ...]:
        """The empty value, or zero, of the type that the function is said to return, if it is."""
        returns = self.context.function.returns
        said = ast.unparse(returns).partition("[")[0] if returns else self.result_type
        return (_NEUTRAL[said],) if said in _NEUTRAL else ()

    @cached_property
    def result_type(self) -> str:
        """Type of what the failing checks expect."""
        return next((kind for text in self.expected if (kind := types.of_literal(text))), "")

    # ---- the failing checks -------------------------------------------------------------------

    @cached_property
    def expected(self) -> tuple[str, ...]:
        """reprs of what the failing checks want, without duplicates."""
        found = [c.failure.expected for c in self.context.around.failures if c.failure]
        return tuple(dict.fromkeys(text for text in found if text))

    @cached_property
    def arguments(self) -> tuple[dict[str, ast.expr], ...]:
        """Arguments by parameter name of the calls that failing checks and tests make."""
        return tuple(self._bind(call) for call in self._calls())

    def _calls(self) -> Iterator[ast.Call]:
        name = self.context.function.name
        texts = [c.failure.call for c in self.context.around.failures if c.failure][:8]
        for text in [*texts, self.context.around.test_text]:
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and _called(node) == name:
                    yield node

    def _bind(self, call: ast.Call) -> dict[str, ast.expr]:
        bound = dict(zip(self.parameters, call.args, strict=False))
        bound.update({k.arg: k.value for k in call.keywords if k.arg})
        return bound

    # ---- constants ----------------------------------------------------------------------------

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """Short strings of the function, its docstring, the statement, the checks and the file."""
        values = [
            node.value
            for node in self.context.nodes
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and self.context.editable(node)
        ]
        for text in self._prose():
            values += [match[1] for match in _QUOTED.findall(text)]
        values += [value for value in self._expected_constants(str) if isinstance(value, str)]
        kept = dict.fromkeys(value for value in values if len(value) <= 30)
        return tuple(kept)[: 2 * _MOST_CONSTANTS]

    @cached_property
    def texts_of(self) -> dict[str, list[str]]:
        """reprs of the texts that the function assigns to a name or compares it with, a few a name."""
        found: dict[str, dict[str, None]] = {}
        for node in self.context.nodes:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text)))
                    | ast.Compare(
                        left=ast.Name(id=name), comparators=[ast.Constant(value=str(text))]
                    )
                ) if text:
                    found.setdefault(name, {})[repr(text)] = None
        return {name: list(texts)[:4] for name, texts in found.items()}

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Numbers of the function, its docstring, the statement, the checks and the file, as text."""
        found = [
            repr(node.value)
            for node in self.context.nodes
            if isinstance(node, ast.Constant) and type(node.value) in (int, float)
        ]
        for text in self._prose():
            found += _NUMBER.findall(text)[:8]
        found += [repr(value) for value in self._expected_constants(int, float)]
        return tuple(dict.fromkeys(text for text in found if not _leading_zero(text)))[
            :_MOST_CONSTANTS
        ]

    def _prose(self) -> Iterator[str]:
        around = self.context.around
        yield self.context.docstring
        yield around.statement
        for line in around.file_text.splitlines():
            if line[:1].isupper() and "=" in line:
                yield line

    def _expected_constants(self, *kinds: type) -> Iterator[object]:
        for text in self.expected[:4]:
            try:
                tree = ast.parse(text, mode="eval")
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and type(node.value) in kinds:
                    yield node.value

    # ---- expressions --------------------------------------------------------------------------

    @cached_property
    def distinct(self) -> tuple[ast.expr, ...]:
        """One node for each compound expression of at most 60 characters."""
        seen: dict[str, ast.expr] = {}
        for node in self.context.expressions:
            if not isinstance(node, ast.Name | ast.Constant | ast.JoinedStr):
                text = self.context.source(node)
                if len(text) <= 60 and "\n" not in text:
                    seen.setdefault(text, node)
        return tuple(seen.values())

    @cached_property
    def _inner_names(self) -> frozenset[str]:
        """Names that only comprehensions and lambdas bind."""
        names: set[str] = set()
        for node in self.context.nodes:
            if isinstance(node, ast.comprehension):
                names.update(target_names(node.target))
            elif isinstance(node, ast.Lambda):
                names.update(arg.arg for arg in node.args.args)
        return frozenset(names - set(self.variables))

    def fits_at(self, expression: ast.expr, place: ast.AST) -> bool:
        """Whether all names of an expression of this function are bound at another place of it."""
        inner = {
            node.id
            for node in ast.walk(expression)
            if isinstance(node, ast.Name) and node.id in self._inner_names
        }
        if not inner:
            return True
        bound = {
            node.id
            for node in ast.walk(expression)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        return inner <= bound | set(self.visible_at(place))


_NEUTRAL = {
    "int": "0", "float": "0.0", "str": '""', "list": "[]", "dict": "{}", "set": "set()", "tuple": "()",
}  # fmt: skip
"""What a function returns when there is nothing to return, by type."""


def target_names(target: ast.expr) -> Iterable[str]:
    """Names that an assignment target binds."""
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
    return ""


def _leading_zero(text: str) -> bool:
    return len(text) > 1 and text[0] == "0" and text[1].isdigit()
