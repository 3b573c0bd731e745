"""Errors that a program expects: those inside a `try` that catches what they would raise, and what is
missing behind a question about the platform, the version, the type checker or the attribute itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from coderepair.project.findings import Finding

_RAISES: Mapping[str, frozenset[str]] = {
    "E0401": frozenset({"ImportError", "ModuleNotFoundError"}),
    "E0611": frozenset({"ImportError"}),
    "E0602": frozenset({"NameError", "UnboundLocalError"}),
    "E1101": frozenset({"AttributeError"}),
    **dict.fromkeys(
        ("E1102", "E1120", "E1121", "E1123", "E1133", "E1136"), frozenset({"TypeError"})
    ),
}
_ALL = frozenset({"", "Exception", "BaseException"})
_MISSING = frozenset({"E0401", "E0602", "E0611", "E1101"})
_ASKS = re.compile(r"\b(TYPE_CHECKING|sys\.platform|sys\.version_info|os\.name|hasattr)\b")


class Guards:
    """The statements of a module that expect errors."""

    def __init__(self, tree: ast.Module) -> None:
        self._bodies = [
            (node.body[0].lineno, node.body[-1].end_lineno or 0, frozenset(_caught(node)))
            for node in ast.walk(tree)
            if isinstance(node, ast.Try | ast.TryStar) and node.handlers
        ]
        self._asked = [
            (node.lineno, node.end_lineno or 0)
            for node in ast.walk(tree)
            if isinstance(node, ast.If | ast.IfExp) and _ASKS.search(ast.unparse(node.test))
        ]

    def expects(self, finding: Finding) -> bool:
        """Whether what the finding foretells would be caught, or not be reached, where it stands."""
        if finding.code in _MISSING and any(
            low <= finding.line <= high for low, high in self._asked
        ):
            return True
        raised = _RAISES.get(finding.code)
        return raised is not None and any(
            first <= finding.line <= last and bool(caught & (raised | _ALL))
            for first, last, caught in self._bodies
        )


def _caught(node: ast.Try | ast.TryStar) -> Iterator[str]:
    for handler in node.handlers:
        if handler.type is None:
            yield ""
            continue
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        yield from (ast.unparse(each).rpartition(".")[2] for each in kinds)
