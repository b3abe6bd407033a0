"""The form for hosting an event, new or changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from ...antiabuse.names import clean_text
from ...i18n import gettext, language_name, lazy_gettext, plain_digits, read_decimal, read_number
from ...models.events import ACCESS_STATUSES, EVENT_KINDS
from ...sections import Section
from ...services.hosting.draft import MOST_SEATS
from ...services.hosting.times import is_zone, zones_of
from ...services.people.addresses import Address
from ...services.places.geo import is_point
from ...topics import ACCESS_STATUSES as ACCESS_WORDS
from ...topics import EVENT_KINDS as KIND_WORDS
from ..checks import email_check, name_check

TITLE_MAX, DESCRIPTION_MAX, NOTES_MAX, ADDRESS_MAX, URL_MAX = 120, 4000, 500, 300, 500
VISIBILITY_WORDS = {
    "exact": lazy_gettext("Everyone"),
    "approval": lazy_gettext("Only guests I approve, by email"),
    "town": lazy_gettext("No one on this site: I will tell my guests myself"),
    "unlisted": lazy_gettext("Only people with the link: the event is not listed"),
}
WHICH_WORDS = (
    SelectChoice("first", lazy_gettext("Before the clocks go back")),
    SelectChoice("second", lazy_gettext("After the clocks go back")),
)


def clean_lines(text: str, longest: int) -> str:
    """A text of several lines, without control and direction marks, with one empty line at most between two."""
    lines = [clean_text(line, longest) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def _line(longest: int, missing: Any = None) -> Callable[[Any, Field], None]:
    def check(form: Any, field: Field) -> None:
        typed = field.data or ""
        if len(typed) > longest:
            raise ValidationError(gettext("Use no more than %(count)s characters", count=longest))
        field.data = clean_text(typed, longest)
        if missing is not None and not field.data:
            raise ValidationError(str(missing))

    return check


def lines_check(longest: int, missing: Any = None) -> Callable[[Any, Field], None]:
    """Make the check of a text of several lines, which it cleans.

    :param missing: what to say where there is none; ``None`` where there need not be any.
    """

    def check(form: Any, field: Field) -> None:
        typed = field.data or ""
        if len(typed) > longest:
            raise ValidationError(gettext("Use no more than %(count)s characters", count=longest))
        field.data = clean_lines(typed, longest)
        if missing is not None and not field.data:
            raise ValidationError(str(missing))

    return check


def read_time(text: str | None) -> datetime | None:
    """A local time as a browser sends it, ``2026-12-10T18:30``; ``None`` when it is anything else."""
    typed = plain_digits(text or "").strip().replace(" ", "T")
    # A day without an hour would be midnight.
    if ":" not in typed:
        return None
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return found.replace(second=0, microsecond=0) if found.tzinfo is None and 2000 <= found.year < 2200 else None


def time_check(form: Any, field: Field) -> None:
    """A local time must be there, in the form that browsers send."""
    if not (field.data or "").strip():
        ends = field.short_name == "ends_at"
        raise ValidationError(gettext("Enter when the event ends") if ends else gettext("Enter when the event starts"))
    found = read_time(field.data)
    if found is None:
        raise ValidationError(gettext("Enter the date and time in the format 2026-12-10T18:30"))
    field.data = found.isoformat(timespec="minutes")


def _number(lowest: int, highest: int) -> Callable[[Any, Field], None]:
    def check(form: Any, field: Field) -> None:
        if not (field.data or "").strip():
            return
        if read_number(field.data, lowest, highest) is None:
            words = gettext("Enter a whole number between %(low)s and %(high)s", low=lowest, high=highest)
            raise ValidationError(words)

    return check


def _url(form: Any, field: Field) -> None:
    field.data = typed = (field.data or "").strip()
    if not typed:
        return
    try:
        parts = urlsplit(typed)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and typed.isprintable() and " " not in typed
    except ValueError:
        good = False
    if not good or len(typed) > URL_MAX:
        raise ValidationError(gettext("Enter a link that starts with https://"))


def _one_of(values: Sequence[str], missing: Any) -> Callable[[Any, Field], None]:
    def check(form: Any, field: Field) -> None:
        if field.data not in values:
            raise ValidationError(str(missing))

    return check


def read_degrees(lat: str | None, lon: str | None) -> tuple[float, float] | None:
    """A point of two typed numbers; ``None`` when they are none."""
    north, east = read_decimal(lat), read_decimal(lon)
    return (north, east) if north is not None and east is not None and is_point(north, east) else None


def _point(form: Any, field: Field) -> None:
    typed = (form.lat.data or "").strip() or (form.lon.data or "").strip()
    if typed and read_degrees(form.lat.data, form.lon.data) is None:
        raise ValidationError(gettext("Enter the latitude and longitude in degrees, such as -33.8981 and 151.1750"))


def _cases(form: Any, field: Field) -> None:
    if form.has_cases and not field.data:
        raise ValidationError(gettext("Choose at least one person to write for"))


def _host_email(testing: bool, utf8: bool) -> Callable[[Any, Field], None]:
    """The check of the host's address; ``address`` of this form is where the event is."""
    inner = email_check(True, testing, utf8)

    def check(form: Any, field: Field) -> None:
        found = SimpleNamespace(address=None)
        inner(found, field)
        form.address_of_host = found.address

    return check


def _access(form: Any, field: Field) -> None:
    # No answer is an answer.
    field.data = field.data or "unknown"
    if field.data not in ACCESS_STATUSES:
        raise ValidationError(gettext("Choose one of the answers"))


def _zone(form: Any, field: Field) -> None:
    if field.data and not is_zone(field.data):
        raise ValidationError(gettext("Choose a time zone from the list"))


class EventForm(FlaskForm):  # type: ignore[misc]
    """What a host tells of an event. The view checks its token, and keeps what was typed."""

    class Meta:
        csrf = False

    form_token = HiddenField()
    website = StringField()
    address_of_host: Address | None = None
    has_cases = False
    #: Places that what was typed may mean, to choose from.
    place_choices: Sequence[tuple[str, str]] = ()
    #: Which times come twice on that day: ``starts_at``, ``ends_at``.
    twice: Sequence[str] = ()


def make_event_form(
    section: Section, locale: str, *, testing: bool, edit: bool, case_choices: Sequence[Any], utf8: bool = False
) -> Any:
    """Make the form class for a section, in the current language.

    :param testing: accept addresses under ``.test``.
    :param edit: without the host's name and address, which stay.
    :param case_choices: slugs and names of the cases to write for.
    :param utf8: accept addresses that only SMTPUTF8 carries.
    """
    own = zones_of(section.country)
    zones = own if section.time_zone in own else [section.time_zone, *own]
    fields: dict[str, Any] = {
        "has_cases": bool(case_choices),
        "title": StringField(
            lazy_gettext("Name of the event"), [_line(TITLE_MAX, lazy_gettext("Enter a name for the event"))],
            render_kw={"required": True},
        ),
        "kind": RadioField(
            lazy_gettext("What type of event is it?"),
            [_one_of(EVENT_KINDS, lazy_gettext("Choose a type of event"))],
            choices=[SelectChoice(kind, KIND_WORDS[kind]) for kind in EVENT_KINDS],
            validate_choice=False, render_kw={"required": True},
        ),
        "starts_at": StringField(
            lazy_gettext("Starts"), [time_check], render_kw={"required": True},
            description=lazy_gettext("In the local time of the event."),
        ),
        "starts_which": RadioField(
            lazy_gettext("This time happens twice on that day: which one do you mean?"), choices=WHICH_WORDS,
            validate_choice=False,
        ),
        "ends_at": StringField(lazy_gettext("Ends"), [time_check], render_kw={"required": True}),
        "ends_which": RadioField(
            lazy_gettext("This time happens twice on that day: which one do you mean?"), choices=WHICH_WORDS,
            validate_choice=False,
        ),
        "time_zone": SelectField(
            lazy_gettext("Time zone"), [_zone], validate_choice=False,
            choices=[SelectChoice("", lazy_gettext("Same as the location")),
                     *(SelectChoice(name, name.replace("_", " ")) for name in zones)],
        ),
        "place": StringField(
            lazy_gettext("Town"), [_line(200)], description=lazy_gettext("Everyone can see this."),
        ),
        "place_id": RadioField(lazy_gettext("Which one do you mean?"), choices=[], validate_choice=False),
        "venue_name": StringField(lazy_gettext("Venue name"), [_line(200)]),
        "address": StringField(lazy_gettext("Street address"), [_line(ADDRESS_MAX)]),
        "lat": StringField(lazy_gettext("Latitude"), [_point]),
        "lon": StringField(lazy_gettext("Longitude")),
        "visibility": RadioField(
            lazy_gettext("Who can see the exact location?"),
            [_one_of(tuple(VISIBILITY_WORDS), lazy_gettext("Choose who can see the exact location"))],
            choices=[SelectChoice(key, words) for key, words in VISIBILITY_WORDS.items()],
            validate_choice=False, render_kw={"required": True},
            description=lazy_gettext("If the event is in a home or a school, only the town is shown to everyone, whatever you"
                " choose."),
        ),
        "online_url": StringField(
            lazy_gettext("Link to join online"), [_url],
            description=lazy_gettext("Shown to guests only."),
        ),
        "capacity": StringField(
            lazy_gettext("How many people is there room for?"), [_number(1, MOST_SEATS)],
            description=lazy_gettext("Leave this blank if there is no limit."),
        ),
        "description": TextAreaField(
            lazy_gettext("About the event"), [lines_check(DESCRIPTION_MAX, lazy_gettext("Say in a few words what will happen"))],
            description=lazy_gettext("What will happen and what to bring. Do not give anyone’s home address: everyone can read"
                " this."),
            render_kw={"required": True},
        ),
        "cases": SelectMultipleField(
            lazy_gettext("Who will you write for?"), [_cases], choices=[SelectChoice(slug, name) for slug, name in case_choices], validate_choice=False,
        ),
        "languages": SelectMultipleField(
            lazy_gettext("Languages spoken"), choices=[SelectChoice(code, language_name(code)) for code in section.locales],
            validate_choice=False,
        ),
        "access": SelectField(
            lazy_gettext("Is there step-free access?"),
            [_access], choices=[SelectChoice(key, ACCESS_WORDS[key]) for key in ACCESS_STATUSES],
            validate_choice=False,
        ),
        "access_notes": TextAreaField(
            lazy_gettext("More about access"), [lines_check(NOTES_MAX)],
            description=lazy_gettext("For example, a lift, accessible toilets, sign language or a quiet space."),
        ),
    }  # fmt: skip
    if not edit:
        fields["host_name"] = StringField(
            lazy_gettext("Your name"), [name_check], render_kw={"required": True},
            description=lazy_gettext("Shown with the event, unless it takes place in someone’s home."),
        )  # fmt: skip
        fields["host_email"] = StringField(
            lazy_gettext("Your email address"), [_host_email(testing, utf8)], render_kw={"required": True},
            description=lazy_gettext("Not shown to anyone. We will send the link to manage your event to this address."),
        )  # fmt: skip
    return type(f"EventForm_{section.code}", (EventForm,), fields)
