"""By what the campaign hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability(
    "campaign",
    models=("Case", "CaseText", "Edition", "ImpactStory", "Picture", "YearTotal"),
    pages="flask_w4r.blueprints.campaign",
    commands={"case": "flask_w4r.cli.campaign:case", "demo": "flask_w4r.cli.demo:demo"},
)
