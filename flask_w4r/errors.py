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


class EventFull(W4RError):
    """There are not so many seats left; nothing was changed."""
