"""By what storage hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability
from . import doctor, pooler

CAPABILITY = Capability(
    "storage",
    checks=(doctor.check, pooler.check),
    commands={"db": "flask_w4r.cli.storage:db"},
)
