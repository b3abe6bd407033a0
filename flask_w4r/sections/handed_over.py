"""What of a signature may be handed over with a petition."""

from __future__ import annotations

#: What our own words of the petition's consent say.
HANDED_OVER = ("name", "country")
#: Asked for to write to somebody, or to place them; no authority gets it.
NEVER_HANDED_OVER = frozenset({"email", "phone", "postcode", "address", "newsletter"})
