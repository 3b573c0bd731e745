"""Where names lead: from a module to the modules, definitions and members that it can see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from coderepair.project.environment import Environment
from coderepair.project.index import ProjectIndex
from coderepair.project.records import Definition, Kind, Module

_DEPTH = 8
"""Imports of imports, and bases of bases, that are followed."""
_IMPLICIT = frozenset(
    {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__path__", "__loader__"}
    | {"__dict__", "__builtins__", "__annotations__", "__all__", "__version__", "__cached__"}
)


class Found(NamedTuple):
    """What a name stands for: a module, or a definition of one."""

    module: Module
    item: Definition | None = None


class Names:
    """Resolves names in one project. None always means that nothing is known, never that it is not there."""

    def __init__(self, index: ProjectIndex, environment: Environment, imported: Sequence[str] = ()):
        """`imported` are the top-level modules that will be asked about together."""
        self.index = index
        self.environment = environment
        self._imported = imported

    def exists(self, module: str) -> bool | None:
        """Whether a module can be imported under this dotted name."""
        if not module or self.index.named(module) or self.index.is_package(module):
            return True
        if not self.index.unread.isdisjoint(module.split(".")):
            return None
        first = module.partition(".")[0]
        if self.index.named(first) or self.index.is_package(first):
            return self._in_project(module)
        outside = self.environment.module(module, self._imported)
        return None if outside is None else outside.found

    def _in_project(self, module: str) -> bool | None:
        """For a module that no file holds: unknown if one above may make it as it runs, or if a module
        outside has the name of the one above."""
        parts = module.split(".")
        for end in range(1, len(parts)):
            for each in self.index.named(".".join(parts[:end])):
                if each.open or parts[end] in each.names or each.stars:
                    return None
        outside = self.environment.top(parts[0], self._imported)
        return False if outside is not None and not outside.found else None

    def module(self, name: str) -> Module | None:
        """The record of a module; of several that might be meant none.

        A file whose name only ends so is meant where nothing outside of the project is called that.
        """
        mine = self.index.named(name)
        exact = [each for each in mine if each.name == name]
        if exact:
            return exact[0] if len(exact) == 1 else None
        outside = self.environment.module(name, self._imported)
        if outside is not None and outside.found:
            return outside.module
        return mine[0] if len(mine) == 1 else None

    def binds(self, module: Module, name: str, depth: int = _DEPTH) -> bool | None:
        """Whether a module has a name."""
        if name in module.names or name in _IMPLICIT or self.exists_below(module, name):
            return True
        if module.open or depth == 0 or name in self.index.unread:
            return None
        for star in module.stars:
            other = self.module(star)
            known = None if other is None else self.binds(other, name, depth - 1)
            if known is not False:
                return known
        return False

    def exists_below(self, module: Module, name: str) -> bool:
        """Whether `name` is a module of the package `module`."""
        if not module.path.endswith("__init__.py"):
            return False
        below = f"{module.name}.{name}"
        return bool(self.index.named(below)) or self.index.is_package(below) or self._outside(below)

    def _outside(self, name: str) -> bool:
        found = self.environment.module(name, self._imported)
        return found is not None and found.found

    def find(self, module: Module, name: str, depth: int = _DEPTH) -> Found | None:
        """What a name at a module's top level is, through imports."""
        if name in module.twice or depth == 0:
            return None
        item = module.find(name)
        if item is not None:
            return Found(module, item)
        for here, source, there in module.imports:
            if here == name:
                other = self.module(source)
                if not there:
                    return None if other is None else Found(other)
                if other is not None and there in other.names:
                    return self.find(other, there, depth - 1)
                below = self.module(f"{source}.{there}")
                return None if below is None else Found(below)
        return None

    def members(self, found: Found, depth: int = _DEPTH) -> frozenset[str] | None:
        """Everything that instances of a class have; None if that cannot be said."""
        if found.item is None or found.item.kind != Kind.CLASS or found.item.open or depth == 0:
            return None
        members = frozenset(found.item.members)
        for base in found.item.bases:
            inherited = self._inherited(found.module, base, depth)
            if inherited is None:
                return None
            members |= inherited
        return members | frozenset(dir(object))

    def _inherited(self, module: Module, base: str, depth: int) -> frozenset[str] | None:
        if base == "object":
            return frozenset()
        above = self.dotted(module, base)
        return None if above is None else self.members(above, depth - 1)

    def dotted(self, module: Module, name: str) -> Found | None:
        """What `a` or `a.b` is in a module."""
        first, _, rest = name.partition(".")
        found = self.find(module, first)
        while found is not None and rest:
            first, _, rest = rest.partition(".")
            found = self.find(found.module, first) if found.item is None else None
        return found

    def method(self, found: Found, name: str, depth: int = _DEPTH) -> Found | None:
        """A method of a class or of the classes it inherits from, in their order."""
        if found.item is None or depth == 0:
            return None
        item = found.module.find(f"{found.item.name}.{name}")
        if item is not None:
            same = [each for each in found.module.definitions if each.name == item.name]
            return Found(found.module, item) if len(same) == 1 else None
        if name in found.item.members:
            return None
        for base in found.item.bases:
            above = self.dotted(found.module, base)
            if above is None:
                return None
            method = self.method(above, name, depth - 1)
            if method is not None:
                return method
        return None
