"""Rows C1 to C4: the index of a project of several files, and what is found in it."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from coderepair.project.current import current
from coderepair.project.environment import Environment
from coderepair.project.findings import Finding
from coderepair.project.helping import MAX_ENTRIES, help_for, present
from coderepair.project.index import FORMAT, ProjectIndex, load, module_name, scan
from coderepair.project.lookup import Found, Names
from coderepair.project.reading import words
from coderepair.project.records import Kind, packed, unpacked
from coderepair.project.retrieval import retrieve


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def names_of(index: ProjectIndex) -> list[str]:
    return [f"{module.name}:{item.name}" for module, item in index.definitions]


def test_everything_that_a_project_defines(shop: Path, kept: Path) -> None:
    """Row C1; what does not parse, environments and hidden folders are left out."""
    index = load(shop, kept)
    assert list(index.modules) == ["shop/__init__.py", "shop/cart.py", "shop/money.py"]
    assert names_of(index) == [
        "shop.cart:Cart", "shop.cart:Cart.__init__", "shop.cart:Cart.total",
        "shop.money:RATE", "shop.money:add_tax", "shop.money:show",
        "shop.money:Account", "shop.money:Account.__init__", "shop.money:Account.deposit",
        "shop.money:Savings", "shop.money:Savings.interest",
    ]  # fmt: skip
    money = index.modules["shop/money.py"]
    add_tax = money.find("add_tax")
    assert add_tax is not None and add_tax.parameters is not None
    assert add_tax.signature == "def add_tax(amount: float, rate: float=RATE) -> float"
    assert add_tax.summary == "The amount with its sales tax."
    assert (add_tax.parameters.positional, add_tax.parameters.required) == (("amount", "rate"), 1)
    show, account = money.find("show"), money.find("Account")
    assert show is not None and not show.gives
    assert account is not None and account.kind == Kind.CLASS
    assert account.members == ("__init__", "deposit", "limit", "owner")


def test_records_survive_the_disk(shop: Path, kept: Path) -> None:
    first = load(shop, kept)
    for module in first.modules.values():
        assert unpacked(json.loads(json.dumps(packed(module)))) == module
    assert load(shop, kept).modules == first.modules


def test_only_what_has_changed_is_read_again(shop: Path, kept: Path) -> None:
    """What is kept is believed as long as the file's content is the same: here it says something else."""
    load(shop, kept)
    (place,) = kept.iterdir()
    place.write_text(place.read_text().replace('"RATE"', '"KEPT"').replace('"Cart"', '"Kept"'))
    assert {"shop.money:KEPT", "shop.cart:Kept"} <= set(names_of(load(shop, kept)))
    (shop / "shop" / "cart.py").write_text("def fresh(): ...\n")
    found = names_of(load(shop, kept))
    assert "shop.money:KEPT" in found and "shop.cart:fresh" in found
    (shop / "shop" / "cart.py").unlink()
    assert "shop/cart.py" not in load(shop, kept).modules


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"format": "0", "files": {}}', '{"files": 3}'])
def test_a_damaged_cache_is_made_anew(shop: Path, kept: Path, damage: str) -> None:
    good = load(shop, kept)
    (place,) = kept.iterdir()
    place.write_text(damage)
    assert load(shop, kept).modules == good.modules
    assert json.loads(place.read_text())["format"] == FORMAT


def test_damaged_rows_are_left_out(shop: Path, kept: Path) -> None:
    load(shop, kept)
    (place,) = kept.iterdir()
    document = json.loads(place.read_text())
    document["files"]["shop/cart.py"][1] = ["nonsense"]
    place.write_text(json.dumps(document))
    assert "shop/cart.py" not in load(shop, kept).modules


def test_a_cache_that_cannot_be_written_is_done_without(shop: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert load(shop, in_the_way).modules


def test_the_index_in_memory_follows_the_files(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = current(str(shop))
    assert current(str(shop)) is first
    (shop / "shop" / "late.py").write_text("LATE = 1\n")
    assert "shop.late:LATE" in names_of(current(str(shop)))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shop/money.py", "shop.money"),
        ("shop/__init__.py", "shop"),
        ("src/lone.py", "lone"),
        ("a/b.py", "a.b"),
    ],
)
def test_names_of_modules(shop: Path, path: str, name: str) -> None:
    assert module_name(shop, path) == name


def test_a_package_below_a_folder_of_sources(tmp_path: Path) -> None:
    package = tmp_path / "src" / "deep"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    assert module_name(tmp_path, "src/deep/part.py") == "deep.part"


def test_words_of_names() -> None:
    assert words("getHTTPUrl_2 of Stack") == ["get", "http", "url", "2", "of", "stack"]


def test_retrieval_finds_by_name_and_by_docstring(shop: Path, kept: Path) -> None:
    """Row C3."""
    index = load(shop, kept)
    assert [item.name for _, item in retrieve(index, "compute the sales tax", 1)] == ["add_tax"]
    assert [item.name for _, item in retrieve(index, "things to buy", 1)] == ["Cart"]
    assert retrieve(index, "zebra", 5) == []
    assert retrieve(index, "", 5) == []
    assert len(retrieve(index, "amount money account interest tax cart total", 5)) == 5


def ask(shop: Path, kept: Path, finding: Finding | None, text: str = "") -> list[str]:
    names = Names(load(shop, kept), Environment(""))
    return help_for([finding] if finding else [], text, names, "shop/cart.py")


def about(shop: Path, kept: Path, name: str) -> Found:
    module = load(shop, kept).modules["shop/money.py"]
    return Found(module, module.find(name))


TAX = "from shop.money import add_tax; def add_tax(amount: float, rate: float=RATE) -> float  # The amount with its sales tax."  # noqa: E501


def test_help_against_each_kind_of_error(shop: Path, kept: Path) -> None:
    """Rows C2 and C4: the first entry is the import line with the signature, or the member."""
    money = Found(load(shop, kept).modules["shop/money.py"])
    cases = {
        Finding(1, "E0602", "", "add_tax"): TAX,
        Finding(1, "E0602", "", "add_taxes"): TAX,
        Finding(1, "E0602", "", "AddTax"): TAX,
        Finding(1, "E0602", "", "json"): "import json",
        Finding(1, "E0611", "", "add_taxs", money): TAX,
        Finding(1, "E1101", "", "addtax", money): TAX,
        Finding(1, "E1120", "", "add_tax", about(shop, kept, "add_tax")): TAX,
        Finding(1, "E1121", "", "add_tax", about(shop, kept, "add_tax")): TAX,
        Finding(1, "E1123", "", "add_tax", about(shop, kept, "add_tax")): TAX,
        Finding(1, "E1111", "", "show", about(shop, kept, "show")):
            "from shop.money import show; def show(amount)  # Prints an amount.",
        Finding(1, "E1102", "", "show", about(shop, kept, "show")):
            "from shop.money import show; def show(amount)  # Prints an amount.",
        Finding(1, "E1133", "", "add_tax", about(shop, kept, "add_tax")): TAX,
        Finding(1, "E1136", "", "add_tax", about(shop, kept, "add_tax")): TAX,
        Finding(1, "E1101", "", "deposits", about(shop, kept, "Savings")):
            "from shop.money import Account; Account: def deposit(self, amount: float) -> float  # Puts money in.",
        Finding(1, "E1123", "", "Account", about(shop, kept, "Account")):
            "from shop.money import Account; Account: def __init__(self, owner: str, *, limit: int) -> None",
        Finding(1, "E0401", "", "shop.monney"):
            "import shop.money  # has Account, RATE, Savings, add_tax, show",
    }  # fmt: skip
    for finding, expected in cases.items():
        assert ask(shop, kept, finding)[0] == expected


def test_the_file_itself_needs_no_import(shop: Path, kept: Path) -> None:
    index = load(shop, kept)
    cart = index.modules["shop/cart.py"]
    total = cart.find("Cart.total")
    assert total is not None
    assert present((cart, total), "shop/cart.py") == "Cart: def total(self)"


def test_the_task_is_helped_by_other_files(shop: Path, kept: Path) -> None:
    told = ask(shop, kept, None, "cart with tax and interest")
    assert told and all(each.startswith("from shop.money import ") for each in told)


def test_at_most_five_entries(shop: Path, kept: Path) -> None:
    rng = random.Random(0)
    vocabulary = ["amount", "money", "account", "interest", "tax", "cart", "show", "owner", "rate"]
    for _ in range(30):
        subject = "_".join(rng.sample(vocabulary, 3))
        finding = Finding(1, "E0602", subject, subject)
        told = ask(shop, kept, finding, " ".join(rng.sample(vocabulary, 5)))
        assert len(told) == len(set(told)) <= MAX_ENTRIES


def test_a_project_that_is_too_large_is_read_from_the_root_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coderepair.project.index.MAX_TOTAL", 20)
    for name in ("top.py", "a/first.py", "b/second.py", "b/deep/third.py"):
        path = tmp_path / "large" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("X = 1\n# 4\n")
    found = scan(tmp_path / "large")
    assert [each.path for each in found.files] == ["a/first.py", "top.py"]
    assert found.unread == {"second", "deep"}
    index = load(tmp_path / "large", tmp_path / "kept")
    names = Names(index, Environment(sys.executable))
    assert names.exists("b.second") is None
    assert names.exists("no_such_module_at_all") is False
