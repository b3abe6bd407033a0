"""What a failed hand-over means: try again when, give up, or never write there again.

Nothing here keeps an exception's text, since that often names the recipient.
"""

from __future__ import annotations

import random
import re
import traceback
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from ...errors import DeliveryFailed, NotCarried, Unanswered, W4RError
from ..people.addresses import AddressFault


class Patience(NamedTuple):
    """How long a mail is tried: pauses that double from ``first`` up to ``longest``, scattered by a fifth either way."""

    first: timedelta
    longest: timedelta
    tries: int


#: Each is about four days (RFC 5321, 4.5.4.1: "the give-up time generally needs to be at least 4-5 days"). Who greylists
#: takes a second try after minutes; our own server may be asked every hour, so that what waited for it leaves soon after it
#: is back; who said no is not asked again before half an hour has passed (ibid.); and where no answer came to a whole mail, it
#: may have been taken, so that few copies are risked.
PATIENCE: dict[str, Patience] = {
    "later": Patience(timedelta(seconds=30), timedelta(hours=6), 27),
    "away": Patience(timedelta(seconds=30), timedelta(hours=1), 110),
    "refused": Patience(timedelta(minutes=30), timedelta(hours=6), 20),
    "unanswered": Patience(timedelta(hours=1), timedelta(hours=32), 8),
}
#: What says of a recipient that there is no such mailbox, and nothing else (RFC 3463, 3.2; RFC 7505 for the last). Not
#: among them: X.1.0 (anything), X.1.4 (ambiguous), X.1.7 and X.1.8 (the *sender's* address), X.1.9, and what providers
#: made up, such as Exchange's 5.1.90 (the sender's quota of the day is used up).
NO_SUCH_MAILBOX = frozenset({b"5.1.1", b"5.1.2", b"5.1.3", b"5.1.6", b"5.1.10"})
#: Pauses are longer or shorter by up to this part.
_SCATTER = 0.2
_ENHANCED = re.compile(rb"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
#: Words of a server that talks about whoever sends, or repeats what another one said, whatever its code is.
_NOT_THE_MAILBOX = re.compile(
    rb"spam|spf|dkim|dmarc|block|black ?list|relay(?! recipient)|policy|sender|reputation|quota|limit|said:",
    re.IGNORECASE,
)


class UnknownKind(W4RError):
    """A mail waits that none of this app's capabilities knows any more."""


class UnknownSection(W4RError):
    """A mail waits for a section that this app does not mount any more."""


@dataclass(frozen=True)
class Fault:
    """A failed hand-over, without personal data.

    :ivar text: the exception's class with its SMTP codes, or where in the code it was raised.
    :ivar sort: what it says of the mail server, one of :data:`SORTS`; empty: nothing.
    :ivar patience: how long to try, one of :data:`PATIENCE`; empty: trying again is of no use.
    :ivar bounced: the recipient's own server says that there is no such mailbox.
    :ivar at_recipient: it was this recipient that the server refused for good, whatever it said of why.
    """

    text: str
    sort: str = ""
    patience: str = "later"
    bounced: bool = False
    at_recipient: bool = False


#: What a mail server can be like, in the words of the log.
SORTS = {"away": "is not reached", "throttled": "asks us to wait", "refused": "refuses most mails"}


def classify(error: Exception) -> Fault:
    """Say what an exception from the mailer or the renderer means."""
    # For the worker alone: pages only enqueue.
    import smtplib

    kind = type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()), (0, b""))
        fault = replace(_answered(kind, code, reply), at_recipient=500 <= code < 600)
        # An address that the server does not know is a final answer; whether it is believed, see ``leaving``.
        return replace(fault, bounced=True, patience="") if says_no_such_mailbox(code, reply) else fault
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPAuthenticationError):
        return replace(_answered(kind, error.smtp_code, error.smtp_error), sort="away", patience="away")
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(kind, error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError | NotCarried):
        # Of this mail, such as its address in letters that the server does not carry.
        return Fault(kind, patience="refused")
    if isinstance(error, Unanswered):
        return Fault(kind, "away", "unanswered")
    if isinstance(error, smtplib.SMTPServerDisconnected | DeliveryFailed):
        return Fault(kind, "away", "away")
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return Fault(kind, "away", "away")
    if isinstance(error, AddressFault):
        return Fault(kind, patience="")
    if isinstance(error, W4RError):
        return Fault(kind)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return Fault(f"{kind}{place}")


def says_no_such_mailbox(code: int, reply: bytes | str) -> bool:
    """Whether a refusal of a recipient says clearly, and says nothing else, than that there is no such mailbox.

    A bare 550 may be anything: "mailbox not found, no access, or command rejected for policy reasons" (RFC 5321, 4.2.3).

    :param code: the reply's three digits.
    :param reply: its text, of all its lines. It must begin with an enhanced code (RFC 2034, 4), and name no other one:
        one that verifies addresses repeats what the next server said of *it*.
    """
    text = reply if isinstance(reply, bytes) else str(reply).encode()
    codes = _ENHANCED.findall(text)
    clear = bool(codes) and text.lstrip().startswith(codes[0]) and NO_SUCH_MAILBOX.issuperset(codes)
    return 500 <= code < 600 and clear and _NOT_THE_MAILBOX.search(text) is None


def pause_after(attempts: int, patience: str = "later") -> timedelta:
    """How long to wait after that many failed tries.

    :param patience: one of :data:`PATIENCE`.
    """
    scattered: timedelta = _nominal(attempts, patience) * random.uniform(1 - _SCATTER, 1 + _SCATTER)
    return min(PATIENCE[patience].longest, scattered)


def shortest_pause(attempts: int, patience: str) -> timedelta:
    """The least that :func:`pause_after` may have said."""
    return _nominal(attempts, patience) * (1 - _SCATTER)


def _nominal(attempts: int, patience: str) -> timedelta:
    first, longest, _ = PATIENCE[patience]
    doubled: timedelta = first * 2 ** min(attempts - 1, 20)
    return min(longest, doubled)


def _answered(kind: str, code: int, reply: bytes | str) -> Fault:
    """A mail server's own words, by what they begin with: the rest may name the recipient."""
    text = reply if isinstance(reply, bytes) else str(reply).encode()
    enhanced = _ENHANCED.match(text.lstrip())
    said = f"{kind} {code}" + (f" {enhanced[0].decode()}" if enhanced else "")
    return Fault(said, "refused", "refused") if 500 <= code < 600 else Fault(said, "throttled")
