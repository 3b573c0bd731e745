"""What one run of a program tells about thousands of its edits, before any of them is run.

Each edit that stands at a site (`propose.sites`) is judged on the states that the failing and the passing
checks go through: an edit that changes no value on a failing check cannot mend that check, one that
raises or returns something else on a passing check breaks it. The idea is that of weak mutation (Howden
1982) and of repair by angelic values (SemFix, Nguyen et al. 2013), used to order edits, never as a
verdict: a program counts as repaired only when its tests have run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from coderepair.model import Observations, Outcome, Site, TestReport
from coderepair.propose.operators import Edit, FunctionContext
from coderepair.propose.sites import Sites

Observe = Callable[[Sequence[Site]], Observations]
"""Runs a program once more with its sites marked."""
Letters = Sequence[Mapping[int, str]]
"""For each of some checks the letters of the sites that it came by."""
MOST_CHECKS = 60
"""Failing, and passing, checks that are looked at."""


class Evidence(NamedTuple):
    """What is known of an edit, in a few words each, as the ranker reads them."""

    mends: str
    """What it does to failing checks: `all`, `some` (each is known to be mended), `may`, `may some`
    (they go another way), `misses`, `same` (it changes nothing), `unknown`."""
    keeps: str
    """What it does to passing checks: `all`, `changes few`, `changes most`, `breaks few`,
    `breaks most`, `none` (there are none), `unknown`."""
    alike: Hashable = None
    """The same for edits that put the same values in the same place, as far as was seen; None if that is
    not known."""

    @property
    def idle(self) -> bool:
        """Whether it is known to mend no failing check by itself."""
        return self.mends in ("same", "misses")


UNSEEN = Evidence("unknown", "unknown")
"""Of an edit that cannot be judged on the side."""


def gather(
    observe: Observe,
    report: TestReport,
    context: FunctionContext,
    edits: Iterable[Edit],
) -> dict[Edit, Evidence]:
    """Evidence for those edits of one function that can be judged on the side; `report` is what the
    program did."""
    sites = Sites(context)
    spots = {edit: spot for edit in edits if (spot := sites.place(edit)) is not None}
    if not spots:
        return {}
    failing, passing = by_outcome(observe(sites.sites()), report)
    if not failing:
        return {}
    counts = [len(site.alternatives) for site in sites.sites()]
    columns = [_columns(number, count, failing, passing) for number, count in enumerate(counts)]
    return {
        edit: _told_apart(columns[spot.site][spot.alternative], spot.leaving)
        for edit, spot in spots.items()
    }


def _told_apart(evidence: Evidence, leaving: str) -> Evidence:
    """Guards that come true at the same time are not alike if they leave in another way."""
    if not leaving or evidence.alike is None:
        return evidence
    return evidence._replace(alike=(evidence.alike, leaving))


def by_outcome(observations: Observations, report: TestReport) -> tuple[Letters, Letters]:
    """What was observed in each check that fails, and in each that passes."""
    found: tuple[list[Mapping[int, str]], list[Mapping[int, str]]] = ([], [])
    for check in report.checks:
        if check.id in observations:
            found[check.outcome is Outcome.PASS].append(observations[check.id])
    return found[0][:MOST_CHECKS], found[1][:MOST_CHECKS]


def _columns(
    site: int,
    count: int,
    failing: Letters,
    passing: Letters,
) -> list[Evidence]:
    """Evidence for each alternative of a site."""
    known: dict[tuple[str, str], Evidence] = {}
    rows = zip(_column(site, count, failing), _column(site, count, passing), strict=True)
    found = []
    for pair in rows:
        if pair not in known:
            known[pair] = Evidence(mends(pair[0]), keeps(pair[1]), _alike(site, "".join(pair)))
        found.append(known[pair])
    return found


def _alike(site: int, letters: str) -> Hashable:
    """The class of an alternative with these letters in all checks."""
    return None if any(letter in letters for letter in "d?") else (site, letters)


def _column(site: int, count: int, checks: Letters) -> Iterator[str]:
    """For each alternative its letters in all checks; a site not visited changes nothing."""
    rows = [row if len(row := check.get(site, "")) == count else "=" * count for check in checks]
    return map("".join, zip(*rows, strict=True)) if rows else iter([""] * count)


def mends(letters: str) -> str:
    """Summary of the letters in failing checks."""
    kinds = _kinds(letters)
    if kinds["x"]:
        return "all" if kinds["x"] == len(letters) else "some"
    if kinds["?"] == len(letters):
        return "unknown"
    may = kinds["d"] + kinds["o"] + kinds["?"]
    if may:
        return "may" if may == len(letters) else "may some"
    return "same" if kinds["="] == len(letters) else "misses"


def keeps(letters: str) -> str:
    """Summary of the letters in passing checks."""
    kinds = _kinds(letters)
    if kinds["="] == len(letters):
        return "all" if letters else "none"
    if kinds["?"] == len(letters):
        return "unknown"
    broken = kinds["r"] + kinds["o"] + kinds["m"] + kinds["x"]
    if broken:
        return "breaks most" if 2 * broken > len(letters) else "breaks few"
    return "changes most" if 2 * kinds["d"] > len(letters) else "changes few"


def _kinds(letters: str) -> Counter[str]:
    """How often each letter stands there; one above ASCII says `d`, and in which way."""
    return Counter(letter if letter.isascii() else "d" for letter in letters)
