"""What can go wrong, as types. A service raises one of these; a view or a command turns it into an answer."""

from __future__ import annotations

from collections.abc import Sequence


class W4RError(Exception):
    """Base of every error this library raises on purpose."""


class ConfigurationError(W4RError):
    """The host's configuration cannot be used. Lists every fault at once, each naming its key and the mend."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("flask_w4r cannot start:\n" + "\n".join(f"  - {fault}" for fault in self.faults))


class BadValue(W4RError, ValueError):
    """A service was given what it cannot take. Forms and commands say so in words before it comes to that.

    :param name: the argument.
    :param must: what it has to be, such as ``be from 1 to 6``.
    """

    def __init__(self, name: str, must: str) -> None:
        self.name, self.must = name, must
        super().__init__(f"{name} must {must}")


def insist(holds: bool, name: str, must: str) -> None:
    """Check what a service was given, before anything is written.

    :param holds: whether it can be taken.
    :raises BadValue: it cannot; see there for ``name`` and ``must``.
    """
    if not holds:
        raise BadValue(name, must)


class NotFound(W4RError):
    """Nothing public stands under that name."""


class CaseWithdrawn(W4RError):
    """The case was withdrawn: every URL of it is gone, and its name is said nowhere."""


class CaseNotActive(W4RError):
    """The case takes no actions: it is closed, freed, withdrawn, or its edition is not running."""


class TokenInvalid(W4RError):
    """No such token, or it was made for something else."""


class TokenOver(TokenInvalid):
    """The token is one of ours, and what it was for is gone: whoever has it did not guess."""


class TokenExpired(W4RError):
    """The token is genuine but too old. ``items`` says what it was for, so that a new one can be offered."""

    def __init__(self, items: Sequence[Sequence[int]] = ()) -> None:
        self.items = tuple(tuple(item) for item in items)
        super().__init__("this link has expired")


class ProofReplayed(W4RError):
    """The captcha solution was used before."""


class PermissionDenied(W4RError):
    """The actor may not do this in this section."""


class KitError(W4RError):
    """A case kit has faults. Each names the file, the line where it is known, and the mend."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class SchemaError(W4RError):
    """The tables in the database are not the ones this version knows how to upgrade."""


class DeliveryFailed(W4RError):
    """A mail could not be handed over; it stays in the outbox."""


class NotCarried(W4RError):
    """The mailer cannot carry mail to this address, though it may to others; it stays in the outbox."""


class Unanswered(DeliveryFailed):
    """A mail server has a whole mail and did not say whether it took it: trying again may bring a second copy."""


class EventFull(W4RError):
    """There are not so many seats left; nothing was changed."""


class NothingToDeliver(W4RError):
    """No signature of the case is confirmed, counted and not delivered yet."""


class DeliveryClosed(W4RError):
    """There is no such delivery, or it was handed over or called off already."""


class FilesOutdated(W4RError):
    """Somebody left the delivery, or changed their name, since its files were made: they must be made again."""


class PDFUnavailable(W4RError):
    """A petition book cannot be set here. The message says what is missing."""


class WayClosed(W4RError):
    """This way to act is not open for the case: nothing is taken, and nothing is passed on."""


class NothingToTake(W4RError):
    """No approved message of the case is left that was not passed on."""
