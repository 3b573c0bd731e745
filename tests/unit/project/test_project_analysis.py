"""Row B16: one fixture for each code of CoCoGen's Table 4, and programs that have no finding."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from coderepair.edit.regions import program_of
from coderepair.model import Program
from coderepair.project.analysis import analyse
from coderepair.project.findings import CODES, Finding
from coderepair.project.index import load

HEAD = "import math\nfrom shop import money\nfrom shop.money import Account, Savings, add_tax, show\n\n\n"
WRONG = {
    "E0001": ["return (x"],
    "E0102": ["def g():\n    return 1\ndef g():\n    return 2\nreturn g()"],
    "E0401": [
        "import shop.purse\nreturn x",
        "from shop.purse import coin\nreturn coin",
        "import no_such_module_at_all\nreturn no_such_module_at_all",
        "import json.no_such_part\nreturn json",
    ],
    "E0602": ["return add_taxes(x)", "return [y for z in x]", "y = lambda: missing\nreturn y"],
    "E0611": [
        "from shop.money import add_taxes\nreturn add_taxes",
        "from math import squareroot\nreturn squareroot(x)",
        "from collections import DefaultDict2\nreturn DefaultDict2",
        "from shop import wallet\nreturn wallet",
    ],
    "E1101": [
        "return money.add_taxes(x)",
        "return math.squareroot(x)",
        "a = Savings('me', limit=1)\nreturn a.withdraw(x)",
        "return 'abc'.upcase()",
        "s = []\ns.push(x)\nreturn s",
    ],
    "E1102": ["f = 3\nreturn f(x)", "return 'a'(x)", "return money(x)", "xs = [1]\nreturn xs(0)"],
    "E1111": ["y = show(x)\nreturn y", "y = sorted(x)\nz = y.sort()\nreturn z"],
    "E1120": ["return add_tax()", "return Account('me')", "a = Savings('me', limit=1)\nreturn a.deposit()"],
    "E1121": ["return add_tax(x, 1, 2)", "return money.add_tax(x, 1, 2)", "return Account('me', 3, limit=4)"],
    "E1123": ["return add_tax(x, tax=1)", "return Account('me', limit=1, colour=2)"],
    "E1133": ["for y in 5:\n    x += y\nreturn x", "return [y for y in add_tax]", "n = None\nreturn [*n]"],
    "E1136": ["n = None\nreturn n[0]", "return add_tax[0]", "a = Savings('me', limit=1)\nreturn a[0]"],
}  # fmt: skip
RIGHT = [
    "return add_tax(x, rate=1) + math.sqrt(x)",
    "a = Savings('me', limit=1)\nreturn a.deposit(2) + a.interest() + a.limit",
    "return money.RATE * money.add_tax(*x, **{})",
    "try:\n    import no_such_module_at_all\nexcept ImportError:\n    no_such_module_at_all = None\nreturn x",
    "try:\n    return missing\nexcept NameError:\n    return x",
    "import os.path\nreturn os.path.join(x, __file__)",
    "import xml.dom.minidom\nreturn xml.dom.minidom.parse(x)",
    "from re import MULTILINE\nreturn MULTILINE",
    "n = None\nif x:\n    n = [1]\nreturn n[0]",
    "from typing import Optional\ny: Optional[int] = x\nreturn y",
    "a = Account('me', limit=2)\na.note = 1\nreturn a.note",
    "def top(self, name):\n    return self, name\nreturn top(x, 1)",
    "return [money for money in x if money.good]",
    "return (lambda add_tax: add_tax(1, 2, 3))(x)",
    "import string\nreturn string.ascii_letters[0]",
    "class P:\n    kind = int\n    def f(self):\n        return self.kind(3)\nreturn P().f()",
    "return missing  # noqa",
    "global late\nlate = 1\nreturn late",
    "with open(x) as file:\n    return file.anything()",
    "import collections\nreturn collections.abc.Iterable",
    "y: add_tax[int] = x\nreturn y",
    "from build import anything\nreturn anything",
    "import broken\nreturn broken.f",
    "import sys\nif sys.platform == 'odd':\n    import no_such_module_at_all\nreturn x",
    "if hasattr(math, 'sumprod2'):\n    return math.sumprod2(x)\nreturn x",
]


def program(body: str) -> tuple[str, Program]:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    source = f"{HEAD}def f(x):\n{lines}\n"
    return source, program_of(source, ("f",))


def found(root: Path, body: str, python: str = sys.executable) -> list[Finding]:
    source, candidate = program(body)
    index = load(root, root.parent / "kept")
    return analyse(candidate, str(root / "shop" / "use.py"), index, python, source)


@pytest.mark.parametrize(
    ("code", "body"), [(code, body) for code, bodies in WRONG.items() for body in bodies]
)
def test_each_code(shop: Path, code: str, body: str) -> None:
    findings = found(shop, body)
    assert [each.code for each in findings] == [code]
    assert findings[0].line >= 7 or code == "E0001"
    assert str(findings[0]).startswith(f"line {findings[0].line}: {code} {CODES[code]}: ")


def test_every_code_has_a_fixture() -> None:
    assert set(WRONG) == set(CODES)


@pytest.mark.parametrize("body", RIGHT)
def test_right_programs_have_no_finding(shop: Path, body: str) -> None:
    ast.parse(program(body)[0])
    assert found(shop, body) == []


def test_only_the_region_is_reported(shop: Path) -> None:
    source = HEAD + "def g():\n    return missing\n\n\ndef f(x):\n    return x\n"
    index = load(shop, shop.parent / "kept")
    path = str(shop / "shop" / "use.py")
    assert analyse(program_of(source, ("f",)), path, index, sys.executable, source) == []
    assert [e.code for e in analyse(program_of(source, ("g",)), path, index)] == ["E0602"]


def test_imports_that_are_new_belong_to_what_changed(shop: Path) -> None:
    before = HEAD + "def f(x):\n    return x\n"
    after = "from shop.money import add_taxes\n" + before
    index = load(shop, shop.parent / "kept")
    path = str(shop / "shop" / "use.py")
    findings = analyse(program_of(after, ("f",)), path, index, sys.executable, before)
    assert [(each.code, each.line) for each in findings] == [("E0611", 1)]
    assert analyse(program_of(after, ("f",)), path, index, sys.executable, after) == []


def test_without_an_interpreter_nothing_is_said_of_modules_outside(shop: Path) -> None:
    assert found(shop, "import no_such_module_at_all\nreturn no_such_module_at_all", "") == []
    assert found(shop, "return math.squareroot(x)", "/nowhere/python") == []
    assert [each.code for each in found(shop, "return money.add_taxes(x)", "")] == ["E1101"]


@pytest.mark.parametrize(
    "module", ["json", "argparse", "dataclasses", "heapq", "textwrap", "statistics"]
)
def test_the_standard_library_has_no_finding(shop: Path, module: str) -> None:
    """Working programs that nobody wrote for this."""
    path = Path(ast.__file__).parent / f"{module}.py"
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    index = load(shop, shop.parent / "kept")
    assert analyse(Program(path.read_text()), str(path), index, sys.executable) == []


def test_what_is_nested_too_deeply_is_passed_over(shop: Path) -> None:
    found(shop, "return " + "+".join(["x"] * 3000))
    assert found(shop, "return " + "(" * 50 + "missing" + ")" * 50)[0].code == "E0602"
