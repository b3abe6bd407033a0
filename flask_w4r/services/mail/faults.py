"""What a failed hand-over means: try again when, give up, or never write there again.

Nothing here keeps an exception's text, since that often names the recipient.
"""

from __future__ import annotations

import random
import re
import traceback
from dataclasses import dataclass
from datetime import timedelta

from ...errors import DeliveryFailed, W4RError
from ..people.addresses import AddressFault

#: With the pauses between them, these are about four days.
MAX_ATTEMPTS = 24
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
_NO_SUCH_MAILBOX = (550, 551, 553)
_ENHANCED = re.compile(rb"\s*5\.(\d)\.")


class UnknownKind(W4RError):
    """A mail waits that none of this app's capabilities knows any more."""


class UnknownSection(W4RError):
    """A mail waits for a section that this app does not mount any more."""


@dataclass(frozen=True)
class Fault:
    """A failed hand-over, without personal data."""

    #: The exception's class, its SMTP code, or where in the code it was raised.
    text: str
    #: Trying again is of no use.
    permanent: bool = False
    #: The recipient's own server says that there is no such mailbox.
    bounced: bool = False
    #: The mail server was not reached, or would not have us; other mails will fare no better.
    connection: bool = False
    #: It asks us to come back later.
    throttled: bool = False
    #: It would not take this mail, or takes none.
    refused: bool = False


def classify(error: Exception) -> Fault:
    """Say what an exception from the mailer or the renderer means."""
    # For the worker alone: pages only enqueue.
    import smtplib

    kind = type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()), (0, b""))
        # Only a clear 5.1.x says that there is no such mailbox; 5.7.x is a policy of some server on the way, such as a
        # relay that will not take us, and a bare 550 may be anything (RFC 3463, 3.2).
        enhanced = _ENHANCED.match(reply if isinstance(reply, bytes) else str(reply).encode())
        missing = code in _NO_SUCH_MAILBOX and enhanced is not None and enhanced[1] == b"1"
        final = 500 <= code < 600
        return Fault(f"{kind} {code}", permanent=final, bounced=missing, throttled=not final, refused=final)
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPAuthenticationError):
        return Fault(f"{kind} {error.smtp_code}", connection=True)
    if isinstance(error, smtplib.SMTPResponseException):
        later = 400 <= error.smtp_code < 500
        return Fault(f"{kind} {error.smtp_code}", throttled=later, refused=not later)
    if isinstance(error, smtplib.SMTPServerDisconnected | smtplib.SMTPNotSupportedError | DeliveryFailed):
        return Fault(kind, connection=True)
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return Fault(kind, connection=True)
    if isinstance(error, AddressFault):
        return Fault(kind, permanent=True)
    if isinstance(error, W4RError):
        return Fault(kind)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return Fault(f"{kind}{place}")


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many failed tries: doubling, up to six hours, scattered by a fifth either way."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    scattered: timedelta = pause * random.uniform(0.8, 1.2)
    return min(LONGEST_PAUSE, scattered)
