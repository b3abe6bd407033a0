"""By what privacy hangs itself into the rest. How long what is kept, each capability says."""

from __future__ import annotations

from ...seam import Capability, Indexed, Job, Personal
from . import retention

CAPABILITY = Capability(
    "privacy",
    models=("Erasure",),
    personal=(
        Personal(
            "w4r_erasure",
            ("digest",),
            None,
            "keyed hashes of who was erased, so that a restored backup forgets them again",
        ),
    ),
    jobs=(Job("purge", retention.purge, every=retention.PURGE_EVERY, turn=90, once=90),),
    indexed=(
        Indexed(
            "w4r_erasure", ("digest",), why="the address is not kept; found under the key of its time", earlier=True
        ),
    ),
    pages="flask_w4r.blueprints.privacy",
    commands={"retention": "flask_w4r.cli.retention:group"},
)
