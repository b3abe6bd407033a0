"""By what the worker hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability
from . import signs

CAPABILITY = Capability(
    "jobs",
    models=("WorkerSign",),
    stays={"w4r_worker_sign": "when this site's worker was seen"},
    checks=(signs.check,),
    commands={"jobs": "flask_w4r.cli.jobs:group", "doctor": "flask_w4r.cli.doctor:doctor"},
)
