"""By what case kits hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability("kits", commands={"kit": "flask_w4r.cli.kits:kit"})
