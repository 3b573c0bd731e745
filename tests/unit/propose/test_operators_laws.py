"""What holds for every edit of every family."""

from __future__ import annotations

import ast
import textwrap
import time

import pytest
from operator_cases import failing

from coderepair.propose.edits import compiles
from coderepair.propose.operators import FunctionContext, Scope, Surroundings, enumerate_edits

PROGRAMS = [
    '''
    def f(xs, k=3):  # a remark
        """Keeps 'a' and 12."""
        seen = {}
        best , total = None, 0   # odd layout stays
        for i, x in enumerate(xs):
            if x in seen and not (x > k or x == -1):
                total += x * (k - 1) // 2

                seen[x] = [x, "a"]
            elif total: best = x; total -= 1
            else:
                while total > 0:
                    total //= 2
                    if total == k: break
        return sorted([y for y in seen if y], key=lambda y: (y, -y), reverse=True)[:k] if best else f"{k}:{total}"
    ''',
    """
        @property
        def push(self, item: int | None = None) -> "Stack":
            try:
                self.items.append(item if item is not None else self.default)
            except (ValueError, KeyError) as error:
                raise TypeError("no") from error
            with open("x") as handle:
                text = handle.read()
            return self
    """,
    """
    async def g(a, *rest, b: str = "äö", **more):
        global count
        assert a, "must"
        del rest
        total = (a +
                 len(b))
        def inner(x): return x + 1
        async for y in a:
            await y
        print(f"{total!r:>{a}} {b}")
    """,
    "def h(): return 1",
]


def _contexts() -> list[FunctionContext]:
    around = Surroundings((failing("f([1], 2)", "[2]", "[]"),), file_text="import re\nX = 4\n")
    return [FunctionContext(text.strip("\n").rstrip(" "), around) for text in _placed()]


def _placed() -> list[str]:
    return [text if "@property" in text else textwrap.dedent(text) for text in PROGRAMS]


@pytest.mark.parametrize("context", _contexts(), ids=["loop", "method", "async", "line"])
def test_nearly_all_compile_and_all_differ(context: FunctionContext) -> None:
    edits = enumerate_edits(context)
    assert edits
    good = 0
    for edit in edits:
        text = edit.apply(context.text)
        assert text != context.text, edit
        good += compiles(text)
    assert good >= 0.95 * len(edits)


@pytest.mark.parametrize("context", _contexts(), ids=["loop", "method", "async", "line"])
def test_text_outside_the_edit_is_kept(context: FunctionContext) -> None:
    for edit in enumerate_edits(context):
        position, text = 0, edit.apply(context.text) + "\n"  # the last newline may go
        at = 0
        for start, end, new in edit.replacements:
            assert position <= start <= end <= len(context.text)
            kept = context.text[position:start]
            assert text[at : at + len(kept)] == kept
            at += len(kept) + len(new)
            position = end
        assert text[at:].rstrip() == context.text[position:].rstrip()


def test_order_and_content_do_not_depend_on_the_run() -> None:
    first, second = (enumerate_edits(context) for context in (_contexts()[0], _contexts()[0]))
    assert [(e.kind, e.replacements) for e in first] == [(e.kind, e.replacements) for e in second]


def test_every_edit_changes_the_syntax_or_is_rare() -> None:
    context = _contexts()[0]
    before = ast.dump(ast.parse(context.text))
    edits = [edit for edit in enumerate_edits(context) if compiles(edit.apply(context.text))]
    same = [edit for edit in edits if ast.dump(ast.parse(edit.apply(context.text))) == before]
    assert len(same) <= 0.01 * len(edits)


def test_fast_enough_for_two_thousand_edits() -> None:
    context = _contexts()[0]
    started = time.process_time()
    edits = enumerate_edits(context, Scope(context))
    spent = time.process_time() - started
    assert len(edits) >= 2000
    assert spent / len(edits) * 2000 <= 0.3


@pytest.mark.parametrize(
    "text", ["x = 1", "def f(:", "def f(): pass\ndef g(): pass", "class A: pass"]
)
def test_what_is_not_one_function_is_refused(text: str) -> None:
    with pytest.raises(SyntaxError):
        FunctionContext(text)


def test_a_name_that_is_thrown_away_is_no_ingredient() -> None:
    scope = Scope(FunctionContext(THROWN_AWAY))
    assert scope.variables == ("pairs", "total", "_used")
    assert scope.unused == ()


THROWN_AWAY = """def f(pairs):
    total = 0
    for _name, _used in pairs:
        total += _used
    return total"""
