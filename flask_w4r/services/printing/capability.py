"""By what printing hangs itself into the rest. Each capability brings its own papers."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability("printing")
