"""By what deliveries hang themselves into the rest."""

from __future__ import annotations

from ...seam import Capability, Personal

CAPABILITY = Capability(
    "delivery",
    models=("Delivery", "DeliveryName"),
    personal=(
        Personal("w4r_delivery", ("salt", "handed_over_by"), None, "the salt goes once the receipts are written"),
        Personal("w4r_delivery_name", ("leaf",), None, "a salted hash; it goes with the salt"),
    ),
    pages="flask_w4r.blueprints.delivery",
    commands={"deliver": "flask_w4r.cli.delivery:deliver"},
)
