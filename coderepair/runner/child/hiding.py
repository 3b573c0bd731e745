"""Which files a candidate may read, so that the tests it is judged by are not among them."""

from __future__ import annotations

import os
from typing import Iterable, List, Tuple


def test_files(files: Iterable[str]) -> List[str]:
    """The files themselves and their bytecode."""
    found = []
    for path in files:
        found.append(path)
        folder, name = os.path.split(path)
        cache = os.path.join(folder, "__pycache__")
        stem = os.path.splitext(name)[0] + "."
        found += [os.path.join(cache, each) for each in _entries(cache) if each.startswith(stem)]
    return found


def without(readable: Iterable[str], hidden: Iterable[str]) -> Tuple[List[str], List[str]]:
    """(paths to read with all below them, folders to list) that give `readable` without `hidden`."""
    allowed: List[str] = []
    listable: List[str] = []
    secret = {os.path.realpath(path) for path in hidden}
    waiting = [os.path.realpath(path) for path in readable if os.path.exists(path)]
    while waiting:
        path = waiting.pop()
        if os.path.realpath(path) in secret:
            continue
        if any(each.startswith(path.rstrip(os.sep) + os.sep) for each in secret):
            listable.append(path)
            waiting += [os.path.join(path, name) for name in _entries(path)]
        else:
            allowed.append(path)
    return sorted(set(allowed)), sorted(set(listable))


def _entries(folder: str) -> List[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
