"""Who may do what is the host's to say: it is asked about the very actor, permission and section, and only True is yes."""

from __future__ import annotations

from typing import Any

import pytest

from flask_w4r.errors import PermissionDenied
from flask_w4r.keyring import Keyring, generate_key
from flask_w4r.services.people.permissions import Staff, require
from flask_w4r.state import Actor, Hooks, Permission
from tests.mail.world import make_section, real_clock

MO = Actor("mo", "Mo")
AU, MA = make_section("AU"), make_section("MA")


def test_the_host_is_asked_about_whom_what_and_where() -> None:
    asked: list[tuple[Any, ...]] = []

    def answer(*about: Any) -> bool:
        asked.append(about)
        return about == (MO, Permission.DECIDE, AU)

    hooks = Hooks(permission_check=answer)
    assert require(hooks, MO, Permission.DECIDE, AU) is MO
    for actor, permission, section in ((MO, Permission.EXPORT, AU), (MO, Permission.DECIDE, MA), (Actor("x", "X"), Permission.DECIDE, AU)):  # fmt: skip
        with pytest.raises(PermissionDenied, match=f"^{permission.value}$"):
            require(hooks, actor, permission, section)
    assert asked == [
        (MO, Permission.DECIDE, AU), (MO, Permission.EXPORT, AU), (MO, Permission.DECIDE, MA),
        (Actor("x", "X"), Permission.DECIDE, AU),
    ]  # fmt: skip


@pytest.mark.parametrize("answer", [False, None, 1, "yes", [True], object()])
def test_only_true_is_yes(answer: Any) -> None:
    with pytest.raises(PermissionDenied, match=r"^export$"):
        require(Hooks(permission_check=lambda *_: answer), MO, Permission.EXPORT, AU)


def test_nobody_and_a_host_without_an_answer_are_denied() -> None:
    for hooks, actor in ((Hooks(permission_check=lambda *_: True), None), (Hooks(), MO), (Hooks(), None)):
        with pytest.raises(PermissionDenied, match=r"^export$"):
            require(hooks, actor, Permission.EXPORT, AU)


def test_staff_at_work_are_asked_about_in_their_section() -> None:
    keyring = Keyring([generate_key()], generate_key())
    hooks = Hooks(permission_check=lambda actor, permission, section: (permission, section) == (Permission.EXPORT, AU))
    staff = Staff(hooks, MO, keyring, AU, real_clock())
    assert staff.allowed(Permission.EXPORT) is MO
    for other, permission in ((staff, Permission.DECIDE), (Staff(hooks, MO, keyring, MA, real_clock()), Permission.EXPORT)):  # fmt: skip
        with pytest.raises(PermissionDenied):
            other.allowed(permission)
