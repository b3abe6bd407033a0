"""What every captcha provider answers, and what is asked of one.

A provider never decides alone. ``pass`` and ``off`` go on; ``fail`` gives the form back with everything typed kept;
``missing`` (no JavaScript) and ``unavailable`` (the service is away) are accepted and held until the mailbox is proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

Result = Literal["pass", "fail", "missing", "unavailable", "off"]


@dataclass(frozen=True, slots=True)
class CaptchaOutcome:
    """What became of a captcha.

    ``digest`` and ``expires_at`` name a proof that could be sent twice: store the digest under a unique key until then
    and refuse it the second time. ``note`` says why in a word (``expired``, ``refused``, ``malformed``, ``timeout``...).
    """

    result: Result
    digest: bytes | None = None
    expires_at: datetime | None = None
    note: str = ""


class CaptchaProvider(Protocol):
    """One kind of captcha."""

    kind: str

    def challenge(self, form_id: str) -> dict[str, Any] | None:
        """Return what the browser needs to begin, for the token endpoint's JSON."""

    def csp(self) -> dict[str, list[str]]:
        """Return the Content-Security-Policy sources it needs, by directive."""

    def verify(self, form: Mapping[str, str], form_id: str) -> CaptchaOutcome:
        """Check what the browser sent. Never raises."""
