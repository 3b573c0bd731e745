"""`fix --feedback` with a chat model behind an endpoint, in a project of several files."""

from __future__ import annotations

from real_command import Project

from coderepair.policy.scripted import ScriptedPolicy
from tests.unit.policy.peer import Peer, serving

TAX = '''\
RATE = 0.5


def add_tax(amount):
    """The amount with its sales tax."""
    return amount * (1 + RATE)
'''
SHOP = '''\
def price(items):
    """Sum of the items with sales tax."""
    return sum(items)
'''
TESTS = """\
from shop import price


def test_price():
    assert price([2, 4]) == 9.0


def test_nothing():
    assert price([]) == 0.0
"""
WRONG = "```python\ndef price(items):\n    return add_taxes(sum(items))\n```"
RIGHT = "```python\ndef price(items):\n    from tax import add_tax\n\n    return add_tax(sum(items))\n```"
CHAT = ("--proposers", "chat", "--quiet", "--samples", "1", "--seed", "0")


def shop(project: Project) -> None:
    project.write("tax.py", TAX)
    project.write("shop.py", SHOP)
    project.write("test_shop.py", TESTS)


def model() -> ScriptedPolicy:
    """Writes what needs no test to be seen wrong, until it is told so."""
    return ScriptedPolicy({"errors that can be seen": [RIGHT], "price": [WRONG]})


def test_a_reply_is_mended_with_what_the_index_knows(project: Project) -> None:
    """Rows B16, C2 to C5: no test is run on the first reply, the second one uses the definition shown."""
    shop(project)
    policy = model()
    with serving(Peer(policy)) as peer:
        address = ("--endpoint", peer.url, "--feedback", "failures,cocogen", "--budget", "2")
        ran = project.fix("shop.py", "--tests", "test_shop.py", *CHAT, *address, "--write")
    assert ran.code == 0, ran.err
    assert "from tax import add_tax" in project.read("shop.py")
    first, second = policy.requests
    assert "from tax import add_tax; def add_tax(amount)" in first.messages[1].content
    told = second.messages[3].content
    assert "line 2: E0602 undefined-variable: undefined name 'add_taxes'" in told
    assert "from tax import add_tax; def add_tax(amount)  # The amount with its sales tax." in told


def test_without_it_the_model_is_told_nothing_of_the_project(project: Project) -> None:
    shop(project)
    policy = model()
    with serving(Peer(policy)) as peer:
        address = ("--endpoint", peer.url, "--budget", "2")
        ran = project.fix("shop.py", "--tests", "test_shop.py", *CHAT, *address, "--write")
    assert ran.code == 1, ran.err
    assert project.read("shop.py") == SHOP
    assert not any("add_tax;" in request.messages[1].content for request in policy.requests)


def test_lines_to_suspect_are_named_in_a_long_function(project: Project) -> None:
    padding = "".join(f"    step{number} = {number}\n" for number in range(30))
    branch = "    if items:\n        total = total - 1\n    return total\n"
    project.write("shop.py", f"def price(items):\n    total = sum(items)\n{padding}{branch}")
    project.write("test_shop.py", TESTS.replace("9.0", "6"))
    policy = ScriptedPolicy({"": [WRONG]})
    with serving(Peer(policy)) as peer:
        address = ("--endpoint", peer.url, "--budget", "1", "--feedback", "failures,lines")
        ran = project.fix("shop.py", "--tests", "test_shop.py", *CHAT, *address)
    assert ran.code == 1, ran.err
    _, _, told = policy.requests[0].messages[1].content.partition("Lines to suspect first:\n")
    assert "- line 34: total = total - 1" in told.split("\n\n")[0].split("\n")[:2]


def test_an_unknown_kind_is_one_line(project: Project) -> None:
    shop(project)
    ran = project.fix("shop.py", "--tests", "test_shop.py", "--feedback", "cocogem")
    assert ran.code == 2
    assert "unknown value cocogem; did you mean cocogen?" in ran.complaint
