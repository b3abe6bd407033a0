"""The small forms of a host's own page."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from ...i18n import lazy_gettext
from .event import WHICH_WORDS, lines_check, time_check

MESSAGE_MAX = 2000


class MessageForm(FlaskForm):  # type: ignore[misc]
    """A host's words to the guests."""

    class Meta:
        csrf = False

    text = TextAreaField(
        lazy_gettext("Your message"), [lines_check(MESSAGE_MAX, lazy_gettext("Write your message"))],
        render_kw={"required": True},
    )  # fmt: skip
    to = RadioField(
        lazy_gettext("Who should get it?"),
        choices=[
            SelectChoice("going", lazy_gettext("Everyone who is coming")),
            SelectChoice("all", lazy_gettext("People on the waiting list too")),
        ],
        default="going",
        validate_choice=False,
    )


class DatesForm(FlaskForm):  # type: ignore[misc]
    """When the same event takes place again."""

    class Meta:
        csrf = False

    twice: Sequence[str] = ()
    starts_at = StringField(lazy_gettext("Starts"), [time_check], render_kw={"required": True})
    starts_which = RadioField(
        lazy_gettext("This time happens twice on that day: which one do you mean?"),
        choices=WHICH_WORDS,
        validate_choice=False,
    )
    ends_at = StringField(lazy_gettext("Ends"), [time_check], render_kw={"required": True})
    ends_which = RadioField(
        lazy_gettext("This time happens twice on that day: which one do you mean?"),
        choices=WHICH_WORDS,
        validate_choice=False,
    )
