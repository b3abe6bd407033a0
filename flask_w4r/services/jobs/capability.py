"""By what the worker hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability(
    "jobs",
    commands={"jobs": "flask_w4r.cli.jobs:group", "doctor": "flask_w4r.cli.doctor:doctor"},
)
