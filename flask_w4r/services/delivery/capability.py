"""By what deliveries hang themselves into the rest."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...seam import Capability, Indexed, Job, Personal, Reserves
from . import hand_over, receipts, views
from .holds import DELIVERIES

CAPABILITY = Capability(
    "delivery",
    purpose="To hand each signature over once, and to let its signer prove that it was",
    models=("Delivery", "DeliveryName"),
    mails=(receipts.MAIL,),
    jobs=(Job("receipts", receipts.job, turn=15, once=75, due=receipts.is_due),),
    personal=(
        Personal("w4r_delivery", ("salt", "handed_over_by"), None, "the salt goes once the receipts are written"),
        Personal("w4r_delivery_name", ("leaf",), None, "a salted hash; it goes with the salt"),
    ),
    indexed=(Indexed("w4r_delivery_name", ("leaf",), why="made with the delivery's own salt, by no key"),),
    reserves=(
        Reserves("deliveries", "w4r_signature", lazy_gettext("a delivery that is being prepared"), hand_over.needed),
    ),
    holds=(DELIVERIES,),
    urls=(views.urls,),
    pages="flask_w4r.blueprints.delivery",
    commands={"deliver": "flask_w4r.cli.delivery:deliver"},
)
