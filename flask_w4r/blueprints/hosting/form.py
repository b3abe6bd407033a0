"""A host's form against the gazetteer and the clocks: what was typed becomes a draft, or an error at its field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session
from wtforms.fields.choices import SelectChoice

from ...forms.hosting.event import make_event_form, read_degrees, read_time
from ...i18n import gettext, read_number
from ...models import Event
from ...services.campaign import catalogue
from ...services.campaign.views import CaseView
from ...services.hosting import lifecycle as events
from ...services.hosting import times as event_times
from ...services.hosting.draft import MOST_SEATS, PIN_KM, Draft, Town, secret_of
from ...services.hosting.texts import looks_like_address
from ...services.hosting.times import TimeFault
from ...services.places import geo
from ...services.places import search as places
from ...services.storage.unit_of_work import read
from ...web import Here

LONGEST = timedelta(days=7)
FARTHEST = timedelta(days=550)


def case_choices(place: Here, kept: Sequence[int] = ()) -> list[CaseView]:
    """The cases one can write for now, and those that an event writes for already."""

    def load(session: Session) -> list[CaseView]:
        edition = catalogue.current_edition(session, place.lens)
        found = catalogue.cases_of(session, place.lens, edition) if edition else []
        return [case for case in found if case.takes_actions or case.id in kept]

    return read(current_app, load)


def event_form(place: Here, cases: Sequence[CaseView], *, edit: bool, **arguments: Any) -> Any:
    """The form, bound to what was sent or filled with what stands."""
    testing = current_app.testing or current_app.debug
    choices = [(case.slug, case.name) for case in cases]
    form_class = make_event_form(
        place.section, place.locale, testing=testing, utf8=place.state.config.mail_utf8, edit=edit, case_choices=choices
    )
    form = form_class(**arguments)
    zone, known = form["time_zone"], form["time_zone"].choices
    if zone.data and zone.data not in [choice.value for choice in known] and event_times.is_zone(zone.data):
        # Elsewhere in the world: not lost because the list is short.
        zone.choices = [*known, SelectChoice(zone.data, zone.data.replace("_", " "))]
    return form


def stored(place: Here, event: Event, cases: Sequence[CaseView], case_ids: Sequence[int]) -> dict[str, Any]:
    """An event as the form shows it."""
    secret = secret_of(event, place.state.keyring)
    return {
        "title": event.title,
        "kind": event.kind,
        "starts_at": event.starts_local.isoformat(timespec="minutes"),
        "starts_which": event_times.which_of(event.starts_local, event.time_zone, event.starts_at) or None,
        "ends_at": event.ends_local.isoformat(timespec="minutes"),
        "ends_which": event_times.which_of(event.ends_local, event.time_zone, event.ends_at) or None,
        "time_zone": "" if _zone_of(place, event) == event.time_zone else event.time_zone,
        "place": event.town,
        "place_id": str(event.place_id or ""),
        "venue_name": secret.get("venue_name", ""),
        "address": secret.get("address", ""),
        **{name: format(Decimal(repr(secret[name])), "f") if name in secret else "" for name in ("lat", "lon")},
        "visibility": event.visibility,
        "online_url": secret.get("online_url", ""),
        "capacity": str(event.capacity or ""),
        "description": event.description,
        "cases": [case.slug for case in cases if case.id in case_ids],
        "languages": list(event.languages),
        "access": event.access_status,
        "access_notes": event.access_notes,
    }


def draft_of(place: Here, form: Any, cases: Sequence[CaseView], *, event: Event | None = None) -> Draft | None:
    """The draft that a form makes, or ``None``: then the form's fields say what is wrong.

    :param event: the one that is edited; its town stands as long as the words for it do.
    """
    good = form.validate()
    kind = form["kind"].data
    town, zone = (None, "") if kind == "online" else _town(place, form, event)
    zone = form["time_zone"].data or zone or place.section.time_zone
    if town is not None and town.lat is not None:
        _check_pin(form, town)
    if kind in ("online", "hybrid") and not form["online_url"].data:
        _fault(form, "online_url", gettext("Enter the link to join online"))
    if kind in ("public", "hybrid") and form["visibility"].data == "exact" and not form["address"].data:
        _fault(form, "address", gettext("Enter the address, or choose a setting that does not show it to everyone"))
    slugs = {case.slug for case in cases}
    if cases and not slugs.intersection(form["cases"].data or ()):
        _fault(form, "cases", gettext("Choose at least one person to write for"))
    times = None if form["time_zone"].errors else read_span(form, zone, place.state.clock(), event=event)
    if not good or times is None or any(field.errors for field in form):
        return None
    pin = read_degrees(form["lat"].data, form["lon"].data)
    starts, ends = read_time(form["starts_at"].data), read_time(form["ends_at"].data)
    assert starts is not None
    assert ends is not None
    wanted = set(form["cases"].data or ())
    return Draft(
        title=form["title"].data,
        description=form["description"].data,
        kind=kind,
        visibility=form["visibility"].data,
        starts_local=starts,
        ends_local=ends,
        time_zone=zone,
        starts_at=times[0],
        ends_at=times[1],
        town=town,
        locale=place.locale,
        case_ids=[case.id for case in cases if case.slug in wanted],
        host_name=form["host_name"].data if "host_name" in form else "",
        host_address=form.address_of_host,
        venue_name=form["venue_name"].data,
        address=form["address"].data,
        lat=pin[0] if pin else None,
        lon=pin[1] if pin else None,
        online_url=form["online_url"].data,
        capacity=read_number(form["capacity"].data, 1, MOST_SEATS),
        languages=[code for code in place.section.locales if code in (form["languages"].data or ())],
        access_status=form["access"].data,
        access_notes=form["access_notes"].data,
    )


def read_span(form: Any, zone: str, now: datetime, *, event: Event | None = None) -> tuple[datetime, datetime] | None:
    """The moments of ``starts_at`` and ``ends_at`` on the clocks of a zone, or ``None`` with errors at the fields."""
    twice: list[str] = []
    found = [_moment(form, name, zone, twice) for name in ("starts_at", "ends_at")]
    form.twice = twice
    starts, ends = found
    if starts is None or ends is None:
        return None
    if ends <= starts:
        _fault(form, "ends_at", gettext("The end must be after the start"))
    elif ends - starts > LONGEST:
        _fault(form, "ends_at", gettext("An event can last up to 7 days. For longer, host a separate event each day"))
    if starts <= now and (event is None or event.starts_at != starts):
        _fault(form, "starts_at", gettext("This time is in the past"))
    elif starts - now > FARTHEST:
        _fault(form, "starts_at", gettext("Choose a date within the next 18 months"))
    return None if form["starts_at"].errors or form["ends_at"].errors else (starts, ends)


def _moment(form: Any, name: str, zone: str, twice: list[str]) -> datetime | None:
    local = read_time(form[name].data)
    if local is None or form[name].errors:
        return None
    try:
        which = form[name.replace("_at", "_which")].data or ""
        found = event_times.moments(local, zone)
        if len(found) > 1:
            twice.append(name)
        return event_times.moment(local, zone, which)
    except TimeFault as fault:
        words = {
            "zone": gettext("Choose a time zone from the list"),
            "skipped": gettext(
                "This time does not exist on that day because the clocks go forward. Choose another time."
            ),
            "twice": gettext(
                "This time happens twice on that day because the clocks go back. Choose which one you mean."
            ),
        }
        _fault(form, name, words[fault.key])
        return None


def _town(place: Here, form: Any, event: Event | None) -> tuple[Town | None, str]:
    """The town that was meant and its time zone."""
    typed = form["place"].data or ""
    if not typed:
        _fault(form, "place", gettext("Enter the town where the event takes place"))
        return None, ""
    chosen = form["place_id"].data or ""
    stays = event is not None and typed == event.town and event.kind != "online"
    if event is not None and stays and (not chosen or chosen == str(event.place_id)):
        return _town_of(place, event), _zone_of(place, event)
    found = read(
        current_app,
        lambda session: places.search(session, typed, country=place.section.country, locale=place.locale),
    )
    hit = found.certain or next((hit for hit in found.hits if str(hit.id) == chosen), None)
    picked = next((hit for hit in found.hits if str(hit.id) == chosen), None) or hit
    if picked is not None and picked.id is not None:
        # Of a postcode only the town is told: its middle may be a few houses.
        number = picked.id
        town = read(current_app, lambda session: places.get(session, number, place.locale))
        if town is not None:
            return Town(town.name, town.country, town.id, town.lat, town.lon), town.time_zone
    if found.reason == "no_places_loaded" and looks_like_address(typed):
        # What stands there is public, of a home too.
        _fault(form, "place", gettext("Enter only the name of the town, without a street or house number"))
        return None, ""
    if found.reason == "no_places_loaded":
        # The desk sees what was typed; on the map it is nowhere.
        return Town(typed, place.section.country), ""
    if found.hits:
        form.place_choices = [(str(hit.id), hit.label(place.section.country)) for hit in found.hits if hit.id]
        form["place_id"].choices = [SelectChoice(*choice) for choice in form.place_choices]
        _fault(form, "place", gettext("There is more than one place with this name. Choose the one you mean."))
    elif found.reason == "no_postcodes_loaded":
        _fault(form, "place", gettext("We do not have postcodes for this country. Enter the name of the town."))
    else:
        _fault(form, "place", gettext("We do not know this town. Enter the nearest larger town."))
    return None, ""


def _town_of(place: Here, event: Event) -> Town:
    """The town of an event as it stands, its own point and not its venue's."""
    number = event.place_id
    if number is not None:
        found = read(current_app, lambda session: places.get(session, number, place.locale))
        if found is not None:
            return Town(event.town, found.country, found.id, found.lat, found.lon)
    exact = event.visibility == "exact"
    return Town(
        event.town, event.country, None, None if exact else event.public_lat, None if exact else event.public_lon
    )


def _zone_of(place: Here, event: Event) -> str:
    number = event.place_id
    found = read(current_app, lambda session: places.get(session, number, place.locale)) if number else None
    return found.time_zone if found else place.section.time_zone


def _check_pin(form: Any, town: Town) -> None:
    pin = read_degrees(form["lat"].data, form["lon"].data)
    if pin is None or town.lat is None or town.lon is None:
        return
    if geo.distance_km(pin[0], pin[1], town.lat, town.lon) > PIN_KM:
        _fault(form, "lat", gettext("This point is a long way from the town. Check both, or leave the point blank."))


def _fault(form: Any, name: str, words: str) -> None:
    field = form[name]
    if not field.errors:
        field.errors = [words]


def case_ids_of(event_id: int) -> list[int]:
    """The cases an event writes for."""
    return read(current_app, lambda session: events.case_ids(session, event_id))
