"""Puts the evidence about a node together. Deterministic, and bounded whatever the checks print.

A task holds visible checks only, so nothing hidden can get in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent
from typing import TYPE_CHECKING

from coderepair.edit.regions import region_text
from coderepair.feedback.context import definitions_used
from coderepair.feedback.failures import failing, passing
from coderepair.feedback.kinds import FAILURES, About, Sources, apply
from coderepair.feedback.static import findings
from coderepair.feedback.stub import stub
from coderepair.feedback.target import Target, locate
from coderepair.feedback.tried import tried
from coderepair.model import Feedback, Node, Program, Task

if TYPE_CHECKING:
    from coderepair.search.tree import Tree


def build(
    task: Task,
    tree: Tree,
    node: Node,
    kinds: Sequence[str] = (FAILURES,),
    sources: Sources | None = None,
) -> Feedback:
    """Feedback about a node's program; about a program yet to be written for the rewrite arm.

    `kinds` are names of `feedback.kinds`, for which `sources` is at hand.
    """
    program = node.program
    if program is None:
        return build_rewrite(task, tree)
    target = locate(task, program, node.report)
    plain = Feedback(
        target=target.name,
        function=_text(program, target),
        statement=task.statement,
        first_line=target.line,
        failures=failing(node.report),
        passing=passing(node.report),
        static=findings(task, node),
        tried=tried(tree, node),
        context=definitions_used(program, target),
    )
    return apply(plain, kinds, About(task, tree, node, sources or Sources()))


def build_for_edits(task: Task, tree: Tree, node: Node) -> Feedback:
    """Feedback for a model of the edit dialect: what such models were trained on, other slots empty.

    Text in a slot that was always empty in training would only mislead it; and without the siblings,
    which grow while a node is refined, the prompt of a node stays the same.
    """
    full = build(task, tree, node)
    return Feedback(full.target, full.function, full.statement, full.first_line, full.failures)


def build_rewrite(task: Task, tree: Tree) -> Feedback:
    """Feedback for writing the function anew: its signature, docstring and what the checks want.

    The user's body is left out on purpose (REx's arm for a program from scratch, Tang et al. 2024).
    """
    root = tree.root
    if root.program is None:
        raise ValueError("the root of a tree holds a program")
    target = locate(task, root.program, root.report)
    return Feedback(
        target=target.name,
        function=stub(_text(root.program, target)),
        statement=task.statement,
        first_line=target.line,
        failures=failing(root.report),
        context=definitions_used(root.program, target),
    )


def _text(program: Program, target: Target) -> str:
    return dedent(region_text(program, target.region))
