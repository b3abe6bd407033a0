"""By what the campaign hangs itself into the rest."""

from __future__ import annotations

from ...seam import Capability, Way
from ...topics import WAYS

CAPABILITY = Capability(
    "campaign",
    models=("Case", "CaseText", "Edition", "ImpactStory", "Picture", "YearTotal"),
    ways=(Way("share", WAYS["share"], "case", 70, minutes=1, anchor="w4r-share"),),
    pages="flask_w4r.blueprints.campaign",
    commands={"case": "flask_w4r.cli.campaign:case", "demo": "flask_w4r.cli.demo:demo"},
)
