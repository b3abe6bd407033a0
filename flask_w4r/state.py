"""What one app knows of the library, in ``app.extensions["w4r"]``. Frozen once ``init_app`` returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from threading import RLock
from typing import TYPE_CHECKING, Any

from .clock import Clock
from .errors import W4RError
from .seam import Seam
from .sections import Section

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from .config import W4RConfig
    from .config_webhooks import Webhook
    from .keyring import Keyring

Mailer = Callable[[EmailMessage], None]


@dataclass(frozen=True)
class Actor:
    """A member of staff, as the host knows them. ``id`` is what the records keep; ``label`` is shown."""

    id: str
    label: str


class Permission(StrEnum):
    """What a member of staff may be allowed to do in a section."""

    VIEW_QUEUE = "view_queue"
    DECIDE = "decide"
    INVALIDATE = "invalidate"
    EDIT_CASES = "edit_cases"
    MANAGE_EVENTS = "manage_events"
    #: Preparing a delivery, and with it the names that are handed over.
    DELIVER = "deliver"
    EXPORT = "export"
    #: Having in an export what people asked to keep back.
    EXPORT_WITHHELD = "export_withheld"
    ERASE = "erase"
    READ_AUDIT = "read_audit"
    #: Asking whether somebody signed, by their exact address.
    FIND_PERSON = "find_person"


@dataclass(frozen=True)
class Hooks:
    """What services call without knowing it: the host's answers (who is signed in, what they may do, where opt-ins and
    mails go), and what each capability hangs in."""

    actor_loader: Callable[[], Actor | None] | None = None
    permission_check: Callable[[Actor, Permission, Section], bool] | None = None
    confirm_identity: Callable[[Actor, str], str | None] | None = None
    subscriber_sink: Callable[[Any], None] | None = None
    withdrawal_sink: Callable[[Any], None] | None = None
    webhooks: Sequence[Webhook] = ()
    mailer: Mailer | None = None
    country_lookup: Callable[[str], str | None] | None = None
    seam: Seam = field(default_factory=Seam)


@dataclass(frozen=True)
class Mount:
    """One place in the URL map: a prefix, and the sections that answer there, by host name or alone."""

    name: str
    url_prefix: str
    sections: Mapping[str | None, Section]

    def section_for(self, host: str) -> Section | None:
        """The section for a request's host name (without port), or ``None`` where the host is not ours."""
        return self.sections.get(host.lower()) or self.sections.get(None)


@dataclass(frozen=True)
class W4RState:
    """Everything that ``init_app`` worked out for one app."""

    config: W4RConfig
    sections: Mapping[str, Section]
    mounts: tuple[Mount, ...]
    keyring: Keyring
    clock: Clock
    hooks: Hooks
    secret_key: str
    translation_directories: tuple[str, ...]
    #: Gives the engines for writing and for reading.
    engine_source: Callable[[Any], tuple[Engine, Engine]]
    #: What is made late and once: engines, caches, the limiter, the captcha provider.
    lazy: dict[str, Any] = field(default_factory=dict)
    lock: Any = field(default_factory=RLock)

    @property
    def seam(self) -> Seam:
        """What the site's capabilities hang in."""
        return self.hooks.seam

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what ``make`` made the first time it was asked for ``name``."""
        try:
            return self.lazy[name]
        except KeyError:
            with self.lock:
                if name not in self.lazy:
                    self.lazy[name] = make()
                return self.lazy[name]

    def engines(self, app: Any) -> tuple[Engine, Engine]:
        """The engines for writing and for reading."""
        engines: tuple[Engine, Engine] = self.once("engines", lambda: self.engine_source(app))
        return engines

    def mount_of(self, section: Section) -> Mount:
        """The mount where a section answers."""
        return next(mount for mount in self.mounts if section in mount.sections.values())


def get_state(app: Any) -> W4RState:
    """Return the library's state on this app.

    :raises W4RError: when ``init_app`` was not called.
    """
    state = app.extensions.get("w4r")
    # Where a command line has so far only listed what the app can do, see ``waiting``.
    end = getattr(state, "end", None)
    state = end() if end is not None else state
    if not isinstance(state, W4RState):
        raise W4RError("flask_w4r is not set up on this app: call W4R().init_app(app, db)")
    return state
