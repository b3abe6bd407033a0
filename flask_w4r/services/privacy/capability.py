"""By what privacy hangs itself into the rest. How long what is kept, each capability says."""

from __future__ import annotations

from ...seam import Capability, Job
from . import retention

CAPABILITY = Capability(
    "privacy",
    jobs=(Job("purge", retention.purge, every=retention.PURGE_EVERY, turn=90, once=90),),
    pages="flask_w4r.blueprints.privacy",
)
