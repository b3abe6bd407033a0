"""The QR code of a party."""

from __future__ import annotations

from typing import Any

from ...i18n import gettext
from ...services.rsvps import codes
from ...web import here
from ...web.qr import qr_svg


def check_in_qr(rsvp_id: int) -> Any:
    """The QR code of a party, for its own page: the host's telephone opens the check-in with it."""
    place = here()
    code = codes.check_in_code(place.state.keyring, rsvp_id)
    return qr_svg(place.absolute("host_checkin", code=code), gettext("Check-in code"))
