"""One program, judged by two processes as far as that goes and in its own process for the rest."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List

from . import tripwire
from .forking import ATTEMPTS
from .pair import Broken, Pair, Refused, Verdicts

SLOWER = 10.0
FLOOR_S = 0.3
"""A check of the original gets this many times, and this many seconds, of what its slowest check needed."""

GONE = "the processes of two-process mode ended"

Answer = Dict[str, Any]
Shared = Callable[[Dict[str, Any], List[int]], Answer]


def learn(two: Pair, message: Dict[str, Any], answer: Answer) -> List[str]:
    """Has the original judged a second time and keeps the nodes with equal verdicts.

    For each node why it has to be judged in a program's own process, empty for those that are kept.
    Raises `Broken` where somebody ends the processes again and again.
    """
    counted = [event[6] for event in answer["events"] if event[0] == "c" and event[3] != "timeout"]
    limit = min(message["limit_s"], max(FLOOR_S, SLOWER * max(counted, default=0.0)))
    why = _started(two, message)
    if why or not two.nodes:
        return [why] * two.count if why else two.reasons
    told = _judged(two, {**message, "limit_s": limit})
    if told is None:
        raise Broken(GONE)
    for number in list(two.nodes):
        mine, other = _verdict(told.events, number), _verdict(answer["events"], number)
        if number in told.moved or (other and mine != other):
            two.nodes.remove(number)
            two.reasons[number] = told.moved.get(number, "verdicts differ")
    return two.reasons


def _started(two: Pair, message: Dict[str, Any]) -> str:
    """Starts both processes; why not, if that cannot be. Raises `Broken`."""
    for _ in range(ATTEMPTS):
        try:
            two.start(message)
        except Refused as error:
            return str(error) or GONE
        except Broken:
            continue
        return ""
    raise Broken(GONE)


def _verdict(events: List[Any], number: int) -> List[Any]:
    """Outcomes of a node's checks, and how it ended."""
    mine = [event for event in events if event[0] in ("c", "n") and event[1] == number]
    return sorted(
        ([event[0], event[2], event[3] if event[0] == "c" else ""] for event in mine), key=str
    )


def run(two: Pair, shared: Shared, message: Dict[str, Any], everything: List[int]) -> Answer:
    """Events of all nodes. `shared` of the answer counts those that the program itself could forge.

    Raises `Broken` where the program may not be judged in its own process, and cannot be otherwise.
    """
    started = time.perf_counter()
    verdicts = _judged(two, message)
    if verdicts is None and shared is refuse:
        raise Broken(GONE)
    if verdicts is None:
        return fallback(two.original, shared, message, everything)
    rest = [number for number in everything if number not in two.nodes or number in verdicts.moved]
    events = [
        event for event in verdicts.events if not (event[0] in ("c", "n") and event[1] in rest)
    ]
    answer: Answer = {"events": events, "end": verdicts.end, "cpu": verdicts.cpu, "shared": 0}
    if rest:
        answer = _merged(answer, fallback(two.original, shared, message, rest))
    answer["seconds"] = time.perf_counter() - started
    return answer


def fallback(original: str, shared: Shared, message: Dict[str, Any], nodes: List[int]) -> Answer:
    """Nodes judged in the program's own process, or rejected if it names what could reach their tests."""
    wire = tripwire.trips(message["source"], original)
    if not wire:
        return shared(message, nodes)
    why = "has to be judged in its own process, and uses %s, which the original does not" % wire
    return _rejected(nodes, why)


def refuse(_message: Dict[str, Any], nodes: List[int]) -> Answer:
    """In the place of what judges a program in its own process, where that is not allowed."""
    return _rejected(nodes, "cannot be judged from outside, and may not be in its own process")


def _rejected(nodes: List[int], why: str) -> Answer:
    failure = {"kind": "rejected", "message": why}
    events: List[Any] = [["c", each, 0, "rejected", 0.0, failure, 0.0, None] for each in nodes]
    return {"events": [*events, ["end"]], "end": "exit 0", "seconds": 0.0, "cpu": 0.0, "shared": 0}


def _merged(judged: Answer, forgeable: Answer) -> Answer:
    """The events of both; complete only if both are."""
    complete = judged["events"][-1:] == [["end"]] or not judged["events"]
    first = [event for event in judged["events"] if event != ["end"]]
    then = (
        forgeable["events"]
        if complete
        else [each for each in forgeable["events"] if each != ["end"]]
    )
    return {
        "events": first + then,
        "end": forgeable["end"] if complete else judged["end"],
        "cpu": judged["cpu"] + forgeable["cpu"],
        "shared": forgeable["shared"],
    }


def _judged(two: Pair, message: Dict[str, Any]) -> "Verdicts | None":
    """The judge's verdicts. Processes that somebody ended are replaced, and the program is judged again."""
    told = None
    for _ in range(ATTEMPTS):
        try:
            told = two.judge(message, two.nodes)
        except Broken:
            two.close()
            continue
        if not told.killed:
            break
    return told
