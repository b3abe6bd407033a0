"""By what storage hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability
from . import doctor

CAPABILITY = Capability(
    "storage",
    checks=(doctor.check,),
    commands={"db": "flask_w4r.cli.storage:db"},
)
