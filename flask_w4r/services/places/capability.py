"""By what the gazetteer hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability(
    "places",
    models=("Place", "PlaceName", "Postcode"),
    commands={"places": "flask_w4r.cli.places:places"},
)
