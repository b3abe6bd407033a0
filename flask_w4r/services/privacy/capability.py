"""By what privacy hangs itself into the rest. How long what is kept, each capability says."""

from __future__ import annotations

from ...seam import Capability, Indexed, Job, Link, Personal
from . import doctor, ledger, letters, retention

CAPABILITY = Capability(
    "privacy",
    purpose="To forget again, in a restored backup, whoever asked to be forgotten",
    models=("Erasure",),
    personal=(
        Personal(
            "w4r_erasure",
            ("digest",),
            None,
            "keyed hashes of who was erased, so that a restored backup forgets them again",
        ),
    ),
    mails=letters.MAILS,
    links=(Link(letters.PURPOSE, "my_data_enter", "my_data_url"),),
    jobs=(
        Job("erasures", ledger.settle, turn=4, once=4, due=ledger.is_open),
        Job("purge", retention.purge, every=retention.PURGE_EVERY, turn=90, once=90),
    ),
    indexed=(
        Indexed(
            "w4r_erasure", ("digest",), why="the address is not kept; found under the key of its time", earlier=True
        ),
    ),
    checks=(doctor.check,),
    pages="flask_w4r.blueprints.privacy",
    commands={
        "person": "flask_w4r.cli.privacy:person",
        "erasures": "flask_w4r.cli.privacy:erasures",
        "privacy": "flask_w4r.cli.privacy:privacy",
        "retention": "flask_w4r.cli.retention:group",
    },
)
