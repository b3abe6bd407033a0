"""The desk's form of conditions for an invalidation. Its names are those of the queue's filters, so links fit both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField

from ...i18n import gettext, lazy_gettext, plain_digits, read_number
from ...sections import Section
from ...services.moderation.reasons import REASON_WORDS
from ...services.petitions.invalidation import LONGEST_REASON
from ...services.petitions.invalidation_conditions import STATES, ConditionFault, Conditions

_HIGHEST_SCORE = 10_000
#: Fields of the form by the condition that they make, where the two differ.
FIELD_OF = {"seen_network": "net", "reason": "held_for", "min_score": "score"}
#: What may not come from a URL, which ends up in histories and logs.
SEALED = ("email", "name", "why")
FAULTS: Mapping[str, Any] = {
    "unknown": lazy_gettext("Choose an option from the list"),
    "syntax": lazy_gettext("We could not understand this; look at the example"),
    "too_wide": lazy_gettext("This network is too large to search; enter smaller parts of it"),
    "too_long": lazy_gettext("This is too long"),
    "order": lazy_gettext("The end must be after the start"),
}
STATE_WORDS: Mapping[str, Any] = {
    "pending": lazy_gettext("Not confirmed yet"),
    "confirmed": lazy_gettext("Confirmed"),
}


class InvalidationForm(FlaskForm):  # type: ignore[misc]
    """Which signatures, and why."""

    class Meta:
        csrf = False

    case = SelectField(lazy_gettext("Case"), validate_choice=False)
    since = StringField(lazy_gettext("Signed on or after"))
    until = StringField(lazy_gettext("Signed before"))
    network = StringField(
        lazy_gettext("Network"), description=lazy_gettext("Such as 198.51.100.0/24; covers the last 14 days")
    )
    net = StringField(
        lazy_gettext("Network code shown on the desk"),
        description=lazy_gettext("Filled in by the link from the overview"),
    )
    mail_domain = StringField(
        lazy_gettext("Email provider"),
        description=lazy_gettext("Such as mailinator.com; public and disposable providers only"),
    )
    email = StringField(
        lazy_gettext("Email address pattern"),
        description=lazy_gettext("Such as john*@*; * stands for any text, ? for a single character"),
    )
    name = StringField(lazy_gettext("Name pattern"), description=lazy_gettext("First and last name, such as *bot*"))
    score = StringField(lazy_gettext("Minimum score"))
    held_for = SelectField(lazy_gettext("Check that raised a concern"), validate_choice=False)
    state = SelectField(lazy_gettext("Status"), validate_choice=False)
    only_held = BooleanField(lazy_gettext("Only those waiting in the queue"))
    why = TextAreaField(lazy_gettext("Reason"), description=lazy_gettext("Stored encrypted with the invalidation"))
    #: From the preview that was looked at.
    last_id = HiddenField()
    seen = HiddenField()

    def offer(self, cases: Sequence[tuple[str, str]]) -> None:
        """Fill the lists.

        :param cases: slug and name of the section's cases.
        """
        self.case.choices = [("", gettext("Any")), *cases]
        self.held_for.choices = [("", gettext("Any")), *((key, str(words)) for key, words in REASON_WORDS.items())]
        self.state.choices = [("", gettext("Any")), *((key, str(STATE_WORDS[key])) for key in STATES)]

    def localise(self, section: Section) -> None:
        """Write moments that came with a link the way that a browser's field for them takes."""
        zone = ZoneInfo(section.time_zone)
        for field in (self.since, self.until):
            moment = _moment(field.data or "", zone)
            field.data = moment.astimezone(zone).replace(tzinfo=None).isoformat("T", "minutes") if moment else ""

    def blame(self, condition: str, message: str) -> None:
        """Put a message on the field of a condition."""
        field = self._fields[FIELD_OF.get(condition, condition)]
        field.errors = [*field.errors, message]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Field ids and messages, for the summary."""
        return [(field.id, message) for field in self for message in field.errors]

    def conditions(self, section: Section) -> Conditions | None:
        """What was typed; ``None`` when some of it cannot be read, with a message on the field."""
        read: dict[str, Any] = {
            name: (self._fields[FIELD_OF.get(name, name)].data or "").strip() or None
            for name in ("case", "network", "seen_network", "mail_domain", "email", "name", "reason", "state")
        }
        zone = ZoneInfo(section.time_zone)
        for name in ("since", "until"):
            text = (self._fields[name].data or "").strip()
            read[name] = _moment(text, zone)
            if text and read[name] is None:
                self.blame(name, gettext("Enter a date and a time, such as 2026-12-10T18:00"))
        text = (self.score.data or "").strip()
        read["min_score"] = read_number(text, 0, _HIGHEST_SCORE)
        if text and read["min_score"] is None:
            self.blame("min_score", gettext("Enter a number"))
        found = Conditions(**read, only_held=bool(self.only_held.data))
        try:
            found.check()
        except ConditionFault as fault:
            if fault.field is not None:
                self.fault(fault)
        return None if self.problems else found

    def fault(self, fault: ConditionFault) -> None:
        """Put what a service refused on its field, in words."""
        if fault.field == "why":
            words = (
                gettext("Give a reason") if fault.key == "empty"
                else gettext("Use no more than %(count)s characters", count=LONGEST_REASON)
            )  # fmt: skip
            self.blame("why", words)
        elif fault.field is not None:
            self.blame(fault.field, str(FAULTS[fault.key]))


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(plain_digits(text))
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
