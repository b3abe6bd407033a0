"""By what signed counts and news hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability, Job, MailKind
from . import follow, jobs, news, status

CAPABILITY = Capability(
    "rollup",
    models=("FeedEntry", "RollupKey", "RollupPart", "SignedDocument", "Witness"),
    stays={
        "w4r_rollup_key": "whose keys this site trusts",
        "w4r_rollup_part": "what sections all over the world sent to this site",
        "w4r_witness": "how far this site followed the centre",
    },
    mails=(MailKind(follow.MAIL, look_up=news.look_up),),
    jobs=(
        Job("status_feed", follow.pull, every=follow.EVERY, turn=14, once=14),
        Job("tally_sign", jobs.sign_tallies, every=jobs.SIGN_EVERY, turn=72, once=72),
    ),
    checks=(status.check,),
    pages="flask_w4r.blueprints.rollup",
    commands={"rollup": "flask_w4r.cli.rollup:rollup", "feed": "flask_w4r.cli.feed:feed"},
)
