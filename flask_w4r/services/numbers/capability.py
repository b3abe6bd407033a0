"""By what numbers for people hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability("numbers", pages="flask_w4r.blueprints.numbers")
