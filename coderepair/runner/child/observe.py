"""What edited expressions are worth on the states that the unedited program goes through.

A *site* is an expression without side effects, or a place before a statement; its *alternatives* are the
texts that edits would put there. Each time a run comes by, the alternatives are evaluated on the names
visible there, until one differs from the site for the first time: from then on the edited program may
go another way. So one run tells of thousands of edits what running each would have told.

For every check a site that was visited has one letter for each alternative, see `LETTERS`.
"""

from __future__ import annotations

import ast
import builtins
import sys
from types import CodeType, FrameType
from typing import Any, Dict, List, Optional, Tuple

from .aside import Value, code_of, evaluate, repeatable
from .recorder import Watcher
from .sameness import equal, fingerprint, same

SAME, DIFFERS, RAISES, UNKNOWN = "=", "d", "r", "?"
RETURNS_OTHER, MISSES, FIXES = "o", "m", "x"
LETTERS = {
    SAME: "the same value at every visit",
    DIFFERS: "another value at some visit",
    RAISES: "an exception where the original raised none, or another one",
    RETURNS_OTHER: "the check's call would have returned another value",
    MISSES: "and that is not the expected one",
    FIXES: "and that is the expected one",
    UNKNOWN: "cannot be evaluated on the side",
}
FIRST_CLASS, CLASSES = 0x100, 0x4000
"""In place of `d`, `chr(FIRST_CLASS + n)` for the alternatives of the n-th class: those of one class have the
same values, at the visit of their first difference and at the following ones, in this check."""
FOLLOWED = 4
"""Visits after the first difference at which values are still compared among alternatives."""
NO_TRUTHS, RAISED = "0", 4
"""For a site whose role is `truth` a letter is `chr(48 + bits)`: bit 2 b + a is set if the site was b
and the alternative a at some visit (as 0 or 1), bit 4 + b if the alternative raised."""
HOOK, RETURN = "@coderepair_visit", "@coderepair_return"
"""Builtins under names that no program can use."""
VISITS = 40
"""Visits of a site within one check at which its alternatives are evaluated."""
EVALUATIONS = 250_000
"""Evaluations in one run; every check has an equal share."""
LEAST_SHARE = 3_000
Place = Tuple[int, int, int, int, str]


class Site:
    """A place of the program and what may stand there instead."""

    def __init__(self, told: Dict[str, Any]) -> None:
        self.place: Place = tuple(told["place"])
        self.where: str = told["where"]
        """`at` the expression in that place, or `before` or `after` the statement there."""
        self.role: str = told["role"]
        """`value`, `test` (only its truth counts), `return` (the function's value) or `truth`."""
        self._texts: List[Tuple[str, str]] = [tuple(each) for each in told["alternatives"]]
        self._base: str = told["base"]
        self._compiled: Optional[List[Optional[CodeType]]] = None

    @property
    def count(self) -> int:
        return len(self._texts)

    def compiled(self) -> List[Optional[CodeType]]:
        """The site itself, the alternatives, and what those that leave the function return."""
        if self._compiled is None:
            texts = [self._base, *(text for text, _ in self._texts)]
            texts += [value for _, value in self._texts]
            self._compiled = [code_of(text) for text in texts]
        return self._compiled


class _Visits:
    """What one check has shown of one site so far."""

    __slots__ = ("alive", "classes", "followed", "letters", "number")

    def __init__(self, site: Site) -> None:
        self.number = 0
        self.letters = [NO_TRUTHS if site.role == "truth" else SAME] * site.count
        self.alive = list(range(site.count))
        """Alternatives that have not differed yet."""
        self.followed: List[Tuple[int, int]] = []
        """Those that have, and the last visit at which they are looked at."""
        self.classes: Dict[Tuple[int, str, Any], str] = {}
        """The class of a value, by the visit and the class until then."""

    def classify(self, index: int, key: Any) -> None:
        """Puts an alternative into the class of those that had this value, `None` for one that is not known."""
        if key is None:
            self.letters[index] = DIFFERS
            return
        place = (self.number, self.letters[index], key)
        if place not in self.classes and len(self.classes) < CLASSES:
            self.classes[place] = chr(FIRST_CLASS + len(self.classes))
        self.letters[index] = self.classes.get(place, DIFFERS)


class Observer(Watcher):
    """Takes down the letters of every site, check by check."""

    def __init__(self, sites: List[Dict[str, Any]], path: str, checks: int) -> None:
        self.sites = [Site(each) for each in sites]
        self._path = path
        self._share = max(LEAST_SHARE, EVALUATIONS // max(1, checks))
        self._busy = False
        self._reset()

    def _reset(self) -> None:
        self._seen: Dict[int, _Visits] = {}
        self._left = self._left_to_follow = self._share
        self._returned: List[Any] = []
        self._leaving: List[Tuple[int, int, Any]] = []

    # -- called by the program ----------------------------------------------------------------------

    def visit(self, number: int) -> None:
        """The run is about to evaluate a site."""
        if self._busy or self._left <= 0:
            return
        self._busy = True
        try:
            self._visit(number, sys._getframe(1))
        finally:
            self._busy = False

    def returned(self, value: Any) -> Any:
        """A function of the program returns; only calls from outside of its file are kept."""
        if self._outermost(sys._getframe(1)):
            self._returned.append(value)
        return value

    def _outermost(self, frame: FrameType) -> bool:
        return frame.f_back is None or frame.f_back.f_code.co_filename != self._path

    def _visit(self, number: int, frame: FrameType) -> None:
        site = self.sites[number]
        seen = self._seen.get(number)
        if seen is None:
            seen = self._seen[number] = _Visits(site)
        seen.number += 1
        if seen.number > VISITS or not (seen.alive or seen.followed):
            return
        scope = dict(frame.f_globals)
        scope.update(frame.f_locals)
        codes = site.compiled()
        base = evaluate(codes[0], scope, site.role) if repeatable(codes[0], scope) else None
        if site.role == "truth":
            self._truths(codes, seen, base, scope)
            return
        outer = self._outermost(frame)
        alive, followed = [], self._follow(site, seen, scope)
        for index in seen.alive:
            letter, value = UNKNOWN, (False, "")
            if base is not None and repeatable(codes[1 + index], scope):
                letter, value = self._compare(site, number, index, base, scope, outer)
            if letter == SAME:
                alive.append(index)
            elif letter == DIFFERS:
                seen.classify(index, _key(value))
                if seen.letters[index] != DIFFERS:
                    followed.append((index, seen.number + FOLLOWED))
                continue
            seen.letters[index] = letter
        self._left -= len(seen.alive)
        seen.alive, seen.followed = alive, followed

    def _follow(self, site: Site, seen: _Visits, scope: Dict[str, Any]) -> List[Tuple[int, int]]:
        """Tells those apart that differ from the site in the same way so far; which to look at again."""
        if self._left_to_follow <= 0:
            return []
        codes, left = site.compiled(), []
        for index, last in seen.followed:
            code = codes[1 + index]
            found = evaluate(code, scope, site.role) if repeatable(code, scope) else None
            seen.classify(index, _key(found) if found else None)
            if seen.letters[index] != DIFFERS and seen.number < last:
                left.append((index, last))
        self._left_to_follow -= len(seen.followed)
        return left

    def _truths(
        self,
        codes: List[Optional[CodeType]],
        seen: _Visits,
        base: Optional[Value],
        scope: Dict[str, Any],
    ) -> None:
        """Adds what this visit shows of the truth of the alternatives."""
        if base is None or not base[0]:
            return
        for index in seen.alive:
            code = codes[1 + index]
            if repeatable(code, scope):
                done, value = evaluate(code, scope, "truth")
                bit = 2 * base[1] + value if done else RAISED + base[1]
                seen.letters[index] = chr((ord(seen.letters[index]) - 48 | 1 << bit) + 48)
        self._left -= len(seen.alive)

    def _compare(
        self, site: Site, number: int, index: int, base: Value, scope: Dict[str, Any], outer: bool
    ) -> Tuple[str, Value]:
        """A letter, and what the alternative came to."""
        codes = site.compiled()
        found = evaluate(codes[1 + index], scope, site.role)
        if found[0] and base[0] and same(found[1], base[1]):
            return SAME, found
        if not found[0]:
            return (SAME if found == base and site.where == "at" else RAISES), found
        if site.role == "return" and outer:
            self._leaving.append((number, index, found[1]))
            return RETURNS_OTHER, found
        value = codes[1 + site.count + index]
        if value is not None and outer and repeatable(value, scope):
            left, result = evaluate(value, scope, "value")
            if not left:
                return RAISES, found
            self._leaving.append((number, index, result))
            return RETURNS_OTHER, found
        return DIFFERS, found

    # -- called by the recorder ---------------------------------------------------------------------

    def told(self) -> List[List[Any]]:
        """[site, letters] of each site visited since the last call."""
        if len(self._returned) == 1:
            for number, index, value in self._leaving:
                letters = self._seen[number].letters
                if letters[index] == RETURNS_OTHER and equal(value, self._returned[0]):
                    letters[index] = SAME if same(value, self._returned[0]) else DIFFERS
        found = [[number, "".join(seen.letters)] for number, seen in self._seen.items()]
        self._reset()
        return found

    def judge(self, left: Any, right: Any) -> None:
        """The check compares what its one call returned with what it expects."""
        if len(self._returned) == 1 and same(left, self._returned[0]):
            self._compare_leaving(right)

    def judge_raised(self, expected: Tuple[Any, ...]) -> None:
        """The check's one call raised."""
        if expected and not self._returned:
            self._compare_leaving(expected[0])

    def _compare_leaving(self, right: Any) -> None:
        self._busy = True
        for number, index, value in self._leaving:
            self._seen[number].letters[index] = FIXES if equal(value, right) else MISSES
        self._busy = False


def start(source: str, path: str, sites: List[Dict[str, Any]], checks: int) -> Tuple[Any, CodeType]:
    """An observer, and the program with its sites marked. Raises what `compile` raises."""
    observer = Observer(sites, path, checks)
    tree = ast.parse(source, path)
    marked = _Marks(observer.sites).visit(tree)
    code = compile(ast.fix_missing_locations(marked), path, "exec", dont_inherit=True)
    setattr(builtins, HOOK, observer.visit)
    setattr(builtins, RETURN, observer.returned)
    return observer, code


class _Marks(ast.NodeTransformer):
    """Puts a call before each site, and around what functions return."""

    def __init__(self, sites: List[Site]) -> None:
        self._sites: Dict[Tuple[str, Place], List[int]] = {}
        for number, site in enumerate(sites):
            self._sites.setdefault((site.where, site.place), []).append(number)

    def visit(self, node: ast.AST) -> Any:
        place = _place(node)
        done = super().visit(node)
        if place is None or done is not node:
            return done
        if isinstance(node, ast.expr):
            calls = self._calls("at", place, node)
            return ast.copy_location(ast.BoolOp(ast.Or(), [*calls, node]), node) if calls else node
        if isinstance(node, ast.Return) and node.value is not None:
            node.value = _call(RETURN, node.value, node.value)
        before, after = (
            [ast.copy_location(ast.Expr(call), node) for call in self._calls(where, place, node)]
            for where in ("before", "after")
        )
        return [*before, node, *after]

    def _calls(self, where: str, place: Place, node: ast.AST) -> List[ast.expr]:
        return [
            _call(HOOK, ast.Constant(number), node)
            for number in self._sites.get((where, place), ())
        ]


def _place(node: ast.AST) -> Optional[Place]:
    if not isinstance(node, (ast.expr, ast.stmt)):
        return None
    line, column = getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0
    return (node.lineno, node.col_offset, line, column, type(node).__name__)


def _call(name: str, argument: ast.expr, where: ast.AST) -> ast.expr:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [argument], []), where)


def _key(value: Value) -> Any:
    """What evaluations have in common that came to the same; None for a value that is not looked into."""
    done, found = value
    return fingerprint(found) if done else RAISES
