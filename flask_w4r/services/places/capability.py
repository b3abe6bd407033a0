"""By what the gazetteer hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability(
    "places",
    models=("Place", "PlaceName", "Postcode"),
    stays=dict.fromkeys(("w4r_place", "w4r_place_name", "w4r_postcode"), "the gazetteer: 'flask w4r places load'"),
    commands={"places": "flask_w4r.cli.places:places"},
)
