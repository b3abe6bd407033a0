"""May this actor do this here? Denied unless the host's own hook says True."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...errors import PermissionDenied
from ...keyring import Keyring
from ...sections import Section
from ...state import Actor, Hooks, Permission


def require(hooks: Hooks, actor: Actor | None, permission: Permission, section: Section) -> Actor:
    """Return the actor, allowed.

    :raises PermissionDenied: nobody is signed in, a hook is missing, or the host does not answer ``True``.
    """
    if actor is None or hooks.permission_check is None:
        raise PermissionDenied(permission.value)
    if hooks.permission_check(actor, permission, section) is not True:
        raise PermissionDenied(permission.value)
    return actor


@dataclass(frozen=True)
class Staff:
    """A member of staff at work in a section: what every act of theirs is given.

    :param actor: who is signed in, or ``None``.
    :param now: when they act.
    """

    hooks: Hooks
    actor: Actor | None
    keyring: Keyring
    section: Section
    now: datetime

    def allowed(self, permission: Permission) -> Actor:
        """Who they are, allowed to do this here.

        :raises PermissionDenied: they are not.
        """
        return require(self.hooks, self.actor, permission, self.section)
