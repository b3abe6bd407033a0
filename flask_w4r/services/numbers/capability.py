"""By what numbers for people hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability
from .exports import EXPORTS

CAPABILITY = Capability("numbers", exports=EXPORTS, pages="flask_w4r.blueprints.numbers")
