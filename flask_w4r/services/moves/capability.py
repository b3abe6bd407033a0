"""By what moves of whole sections hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability

CAPABILITY = Capability("moves", commands={"section": "flask_w4r.cli.moves:group"})
