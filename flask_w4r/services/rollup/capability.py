"""By what signed counts and news hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability, Job
from . import jobs

CAPABILITY = Capability(
    "rollup",
    models=("FeedEntry", "RollupKey", "RollupPart", "SignedDocument", "Witness"),
    stays={
        "w4r_rollup_key": "whose keys this site trusts",
        "w4r_rollup_part": "what sections all over the world sent to this site",
        "w4r_witness": "how far this site followed the centre",
    },
    jobs=(Job("tally_sign", jobs.sign_tallies, every=jobs.SIGN_EVERY, turn=72, once=72),),
    pages="flask_w4r.blueprints.rollup",
    commands={"rollup": "flask_w4r.cli.rollup:rollup"},
)
