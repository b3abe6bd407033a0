"""``python -m benchmarks.poison``: ten thousand fakes among two thousand genuine signers, and the desk against them.

What it does: every signature goes through the sign form over HTTP (in this process) by a simulated clock, a day long,
with its mail and its confirmation; then a moderator makes a few invalidations whose conditions can be read off the
overview (a network far above the others, a reason and a listed domain far above the others), a second person approves
what is above a thousand, the worker runs them, and all is undone again and compared, row by row.

Its method, and what it does not show:

- Captcha and the 429 limits are off: both would only stop more fakes. What is measured is scoring and the desk alone.
- Confirming calls the service behind the confirm button; mails are made by the worker's own code and not delivered.
- The usual rates are given as the worker would have found them after a quiet week.
- The people are invented. Genuine are: people of the wide public with addresses of many shapes (some by relay services,
  a few that look drawn by lot, a few of disposable providers); a school class of 30 with numbered accounts behind one
  address; a family and a company on domains of their own; 120 students with numbered addresses from one campus; 150
  people behind four addresses of a mobile carrier; 300 within the hour after a newspaper wrote; and three in the very
  network that the first flood comes from. Five in a hundred mailboxes confirm within seconds (mail scanners).
- The fakes have names and devices that look like anybody's. A flood that also had believable addresses, a network each
  and patience would look like people, and pass; no check of this kind finds it.
- "Touched" is a genuine signature that is held or invalidated at the end, though a moderator could release it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import poison_desk, poison_people
from .poison_site import Site

SLUG = "ann-example"


def main(arguments: list[str] | None = None) -> int:
    """Run it; exit 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.poison", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--database", metavar="URL", help="an empty database; default: SQLite in a temporary folder")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of people, 1 is 12,000")
    parser.add_argument("--json", metavar="FILE", help="write the numbers there too")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.database or f"sqlite:///{Path(folder) / 'poison.sqlite3'}", options.seed, options.scale)
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(found))
    return 0 if all(found["goals"].values()) else 1


def run(database: str, seed: int, scale: float) -> dict[str, Any]:
    """Simulate the day and the desk's answer.

    :returns: the numbers.
    """
    people = poison_people.day(seed, scale)
    site = Site(database, SLUG)
    try:
        site.usual(per_hour=poison_people.GENUINE * scale / 24)
        site.play(people)
        kinds = {person.email: person.kind for person in people}
        at_signing = site.outcome(kinds)
        before = site.fingerprint()
        jobs = poison_desk.invalidate(site, scale)
        after_desk = site.outcome(kinds)
        groups = site.touched_groups(people)
        poison_desk.undo(site, jobs)
        after_undo = site.fingerprint()
    finally:
        site.close()
    fakes = [item for item in after_desk.values() if item.kind in poison_people.FAKES]
    stopped = sum(item.held + item.invalid for item in fakes) / max(1, sum(item.total for item in fakes))
    genuine = after_desk["genuine"]
    touched = (genuine.held + genuine.invalid) / genuine.total
    return {
        "seed": seed,
        "scale": scale,
        "at_signing": {kind: asdict(item) for kind, item in at_signing.items()},
        "after_desk": {kind: asdict(item) for kind, item in after_desk.items()},
        "jobs": [asdict(job) for job in jobs],
        "stopped": stopped,
        "touched": touched,
        "touched_groups": groups,
        "undo_identical": before == after_undo,
        "goals": {
            "95 % of the fakes held or invalidated": stopped >= 0.95,
            "under 1 % of the genuine touched": touched < 0.01,
            "undo gives back the identical state": before == after_undo,
        },
    }


def table(found: dict[str, Any]) -> str:
    """The numbers as text."""
    lines = [f"{'':<12}{'sent':>7}{'held at':>10}{'held':>8}{'invalid':>9}{'missed':>8}{'missed %':>10}",
             f"{'':<12}{'':>7}{'signing':>10}"]  # fmt: skip
    for kind, item in found["after_desk"].items():
        missed = item["total"] - item["held"] - item["invalid"]
        lines.append(
            f"{kind:<12}{item['total']:>7}{found['at_signing'][kind]['held']:>10}{item['held']:>8}{item['invalid']:>9}"
            f"{missed:>8}{100 * missed / max(1, item['total']):>9.1f}%"
        )
    lines.append("")
    lines += [f"invalidated {job['applied']:>5}: {job['words']}" for job in found["jobs"]]
    lines += [
        "",
        f"fakes held or invalidated  {100 * found['stopped']:.2f} %",
        f"genuine touched            {100 * found['touched']:.2f} %  {found['touched_groups']}",
        f"undo identical             {'yes' if found['undo_identical'] else 'NO'}",
        *(f"{'met   ' if met else 'MISSED'} {goal}" for goal, met in found["goals"].items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
