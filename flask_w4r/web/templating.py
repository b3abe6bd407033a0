"""Pages and mails: the context every template gets, and the filters it may use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, current_app, render_template, request
from flask.json import dumps
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from .. import i18n
from ..action_types import type_words
from ..sections import Section, text_direction
from ..services.campaign.views import CaseView, EditionView
from ..services.tally.views import SOURCE_WORDS, STATUS_NOTES, STATUS_WORDS
from ..state import get_state
from . import Here, base_url, here, purge_url, section_url, static_url
from .delimiters import Delimiters
from .layout import find_layout, frame, make_part
from .shell import in_shell
from .typed import kind_for, one_line

#: Characters that HTML (13.2.3.5), or XHTML, has no place for: controls but for tabs and ends of lines, and what Unicode
#: says is no character.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)


def register(app: Flask) -> None:
    """Add our filters and globals, each under a ``w4r`` name, to the host's template environment."""
    app.jinja_env.filters.update(
        w4r_number=i18n.number,
        w4r_percent=i18n.percent,
        w4r_date=i18n.long_date,
        w4r_datetime=_moment,
        w4r_moment_part=_moment_part,
        w4r_country=i18n.country_name,
        w4r_list=i18n.listing,
        w4r_time_span=i18n.time_span,
        w4r_line=one_line,
        w4r_kind=kind_for,
    )
    app.jinja_env.add_extension(Delimiters)
    app.jinja_env.globals.update(_w4r=i18n.gettext, _w4rn=i18n.ngettext)


@pass_context
def _moment(context: Context, value: datetime) -> str:
    """A moment, in the section's own time zone."""
    return i18n.long_datetime(value, context["section"].time_zone)


@pass_context
def _moment_part(context: Context, value: datetime, skeleton: str) -> str:
    """A part of a moment, in the section's own time zone."""
    return i18n.moment_part(value, context["section"].time_zone, skeleton)


def alternates(place: Here, endpoint: str, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """This page in each of the section's languages, for the language switch and ``hreflang``."""
    return [
        {
            "locale": locale,
            "lang": place.section.lang_tag(locale),
            "dir": text_direction(locale),
            "name": i18n.language_name(locale),
            "url": place.url(endpoint, locale=locale, **values),
            "absolute": place.absolute(endpoint, locale=locale, **values),
        }
        for locale in place.section.locales
    ]


def json_ld(data: Mapping[str, Any]) -> Markup:
    """A schema.org block's text, safe inside ``<script>``."""
    text = dumps(data, ensure_ascii=False, sort_keys=True)
    for char, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(char, escape)
    return Markup(text)  # noqa: S704  escaped above


def page(
    template: str,
    *,
    endpoint: str | None = None,
    values: Mapping[str, Any] | None = None,
    edition: EditionView | None = None,
    public: bool = False,
    alone: bool = False,
    **context: Any,
) -> str:
    """Render one of our pages.

    :param template: its name under ``w4r/``.
    :param endpoint: the page's own endpoint, where it has a URL in every language.
    :param values: that endpoint's values.
    :param public: many read it: it stands in ``W4R_PUBLIC_LAYOUT`` where the host names one, and in a layout of the
        host's our part of it is left in ``here().part``, to be kept.
    :param alone: what stands around it is the same for all, and may be kept, where it has neither endpoint nor edition.
    """
    place = here()
    state, name = place.state, f"w4r/{template}"
    home = endpoint or "campaign"
    where = dict(values or {})
    given: dict[str, Any] = {
        "section": place.section,
        "locale": place.locale,
        "lang": place.lang,
        "dir": place.dir,
        "edition": edition,
        "w4r_abs": place.absolute,
        "w4r_static": lambda filename: static_url(state, filename),
        "alternates": alternates(place, home, where),
        "canonical": place.absolute(home, **where),
        "theme_url": place.url("theme", locale=place.section.default_locale) if place.section.theme else None,
        "features": state.config.features,
        "w4r_url": place.url,
        "action_word": lambda kind: type_words(place.section, kind, state.seam.actions),
        "source_word": lambda source: SOURCE_WORDS.get(source, source),
        "standing_note": lambda status: STATUS_NOTES.get(status, status),
        "standing_word": lambda status: STATUS_WORDS.get(status, status),
        "og": None,
        "jsonld": None,
        "page_class": template.split(".")[0].replace("/", "-"),
    }
    own = {key: context.pop(key) for key in given.keys() & context.keys()}
    given |= own
    app = app_of_request()
    layout = find_layout(app, state, (state.config.public_layout if public else None) or state.config.layout)
    place.framed = not layout.own
    if layout.own:
        given["w4r_layout"] = layout.name
        alike = alone and not own and endpoint is None and edition is None
        whole = in_shell(app, place, name, given, context) if alike else None
        return _fit(render_template(name, **given, **context) if whole is None else whole)
    part = make_part(app, state, layout, name, given, context)
    if isinstance(part, str):
        return _fit(part)
    place.part = part if public else None
    return _fit(frame(part))


def _fit(text: str) -> str:
    """A page without what no page may hold. What was sent may be shown again, and not all that can be sent may stand."""
    return _UNFIT.sub("", text) if request.method == "POST" or request.query_string else text


def case_metadata(case: CaseView, picture: Any = None) -> tuple[dict[str, Any], Markup]:
    """A case page's Open Graph values and schema.org block.

    :param picture: shown with a link to it, by ``url``, ``width``, ``height`` and ``alt``; without one it is the portrait.
    """
    place = here()
    url = place.absolute("case", slug=case.slug)
    portrait = base_url(place.state, place.section) + case.photo.url if case.photo else None
    image = picture.url if picture is not None else portrait
    og = {"title": f"{case.name}: {case.title}", "description": case.summary, "url": url, "type": "article",
          "site_name": place.section.name, "image": image, "picture": picture}  # fmt: skip
    about = {"person": "Person", "community": "Organization", "organisation": "Organization"}[case.kind]
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": case.title,
        "description": case.summary,
        "url": url,
        "inLanguage": case.text_lang,
        "dateModified": case.facts_as_of.isoformat(),
        "about": {"@type": about, "name": case.name},
        "publisher": {"@type": "Organization", "name": place.section.name},
        "citation": [source["url"] for source in case.sources if source.get("url")],
    }
    if portrait:
        data["image"] = portrait
    return og, json_ld(data)


def campaign_metadata(edition: EditionView, cases: Sequence[CaseView]) -> tuple[dict[str, Any], Markup]:
    """The campaign page's Open Graph values and schema.org block."""
    place = here()
    url = place.absolute("campaign") if edition.is_current else place.absolute("edition", year=edition.year)
    summary = i18n.gettext("Write a letter, sign a petition, change a life.")
    og = {"title": edition.title, "description": summary, "url": url, "type": "website",
          "site_name": place.section.name, "image": None}  # fmt: skip
    parts = [{"@type": "Article", "headline": f"{case.name}: {case.title}",
              "url": place.absolute("case", slug=case.slug)} for case in cases]  # fmt: skip
    data = {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "name": edition.title,
        "description": summary,
        "url": url,
        "inLanguage": place.lang,
        "publisher": {"@type": "Organization", "name": place.section.name},
        "hasPart": parts,
    }
    return og, json_ld(data)


def render_mail(
    app: Flask, kind: str, section: Section, locale: str, context: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Render a mail in the reader's language, outside of any request.

    :param kind: a kind of mail that a capability brings.
    :param context: ``cases`` and, where the kind has them, ``tokens`` by purpose; the facts of a mail to the desk.
    :returns: subject, plain text, HTML. No text that a stranger typed is in any of them.
    """
    state = get_state(app)
    tokens: Mapping[str, str] = context.get("tokens", {})
    with i18n.use_locale(section.lang_tag(locale), state.translation_directories):
        links: dict[str, str | None] = {link.variable: None for link in state.seam.links.values()}
        for purpose, token in tokens.items():
            link = state.seam.links[purpose]
            links[link.variable] = section_url(app, section, link.endpoint, locale, token=token)
        values = {
            **context,
            "section": section,
            "locale": locale,
            "lang": section.lang_tag(locale),
            "dir": text_direction(locale),
            "cases": context.get("cases", ()),
            "site_url": section_url(app, section, "campaign", locale),
            "desk_url": purge_url(app, section, "moderation", locale=locale),
            **links,
            "expires_days": context.get("expires_days", state.config.retention["token_days"]),
        }
        text = app.jinja_env.get_template(f"w4r/mail/{kind}.txt").render(values)
        html = app.jinja_env.get_template(f"w4r/mail/{kind}.html").render(values)
    first, _, rest = text.lstrip().partition("\n")
    # A sentence that is left out leaves its empty line.
    return first.removeprefix("Subject:").strip(), re.sub(r"\n{3,}", "\n\n", rest.strip()) + "\n", html


def app_of_request() -> Flask:
    """The app itself, not its proxy."""
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]
