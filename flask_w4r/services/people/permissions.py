"""May this actor do this here? Denied unless the host's own hook says True."""

from __future__ import annotations

from ...errors import PermissionDenied
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
