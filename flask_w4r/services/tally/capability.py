"""By what the counts hang themselves into the rest. Each capability says which actions it counts."""

from __future__ import annotations

from ...seam import Capability, Indexed, Job, Personal
from . import fold

CAPABILITY = Capability(
    "tally",
    purpose="To say how many people took part, each counted once",
    models=("EditionPerson", "TallySlot"),
    personal=(
        Personal(
            "w4r_edition_person", ("person_index",), None,
            "a keyed hash by edition, joined to nothing; deleted when none of the person's signatures count",
        ),
    ),
    indexed=(
        Indexed("w4r_edition_person", ("person_index",), why="goes with the signatures"),
    ),
    jobs=(Job("tally_fold", fold.job, every=fold.FOLD_EVERY, turn=85, once=73),),
    commands={"tally": "flask_w4r.cli.tally:tally"},
)  # fmt: skip
