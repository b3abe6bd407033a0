"""Names of divisions whose short names the gazetteer keeps, so that ``Springfield, Illinois`` finds the right one."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import ColumnElement, and_, or_

from ...i18n import babel_locale
from ...models import Place
from .names import fold, other_article

_NAMES = {
    "AU": "ACT Australian Capital Territory;NSW New South Wales;NT Northern Territory;QLD Queensland;"
    "SA South Australia;TAS Tasmania;VIC Victoria;WA Western Australia",
    "CA": "AB Alberta;BC British Columbia;BC Colombie-Britannique;MB Manitoba;NB New Brunswick;NB Nouveau-Brunswick;"
    "NL Newfoundland;NL Newfoundland and Labrador;NL Terre-Neuve-et-Labrador;NS Nova Scotia;NS Nouvelle-Écosse;"
    "NT Northwest Territories;NT Territoires du Nord-Ouest;NU Nunavut;ON Ontario;PE Prince Edward Island;"
    "PE Île-du-Prince-Édouard;QC Quebec;SK Saskatchewan;YT Yukon",
    "GB": "ENG England;NIR Northern Ireland;SCT Scotland;WLS Wales;WLS Cymru",
    "US": "AL Alabama;AK Alaska;AZ Arizona;AR Arkansas;CA California;CO Colorado;CT Connecticut;DE Delaware;"
    "DC District of Columbia;FL Florida;GA Georgia;HI Hawaii;ID Idaho;IL Illinois;IN Indiana;IA Iowa;KS Kansas;"
    "KY Kentucky;LA Louisiana;ME Maine;MD Maryland;MA Massachusetts;MI Michigan;MN Minnesota;MS Mississippi;"
    "MO Missouri;MT Montana;NE Nebraska;NV Nevada;NH New Hampshire;NJ New Jersey;NM New Mexico;NY New York;"
    "NC North Carolina;ND North Dakota;OH Ohio;OK Oklahoma;OR Oregon;PA Pennsylvania;RI Rhode Island;"
    "SC South Carolina;SD South Dakota;TN Tennessee;TX Texas;UT Utah;VT Vermont;VA Virginia;WA Washington;"
    "WV West Virginia;WI Wisconsin;WY Wyoming",
}


def _by_name() -> dict[str, frozenset[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for country, listed in _NAMES.items():
        for entry in listed.split(";"):
            code, _, name = entry.partition(" ")
            for word in (code, name):
                found.setdefault(fold(word), set()).add((country, code))
    return {name: frozenset(codes) for name, codes in found.items()}


_REGIONS = _by_name()
_KNOWN = frozenset(pair for pairs in _REGIONS.values() for pair in pairs)
_LONG = {"ENG": "England", "NIR": "Northern Ireland", "SCT": "Scotland", "WLS": "Wales"}


def regions(name: str) -> frozenset[tuple[str, str]]:
    """The divisions of a folded name or code, as ``(country, region)``: ``wa`` is one in Australia and one in the
    States."""
    return _REGIONS.get(name, frozenset())


def lands(name: str, locale: str) -> frozenset[str]:
    """The countries of a folded name, in English or the reader's language, or of a code in small letters."""
    spellings = [spelling for spelling in (name, other_article(name)) if spelling]
    for spelling in spellings:
        if found := _lands(locale).get(spelling, frozenset()) | _lands("en").get(spelling, frozenset()):
            return found
    return frozenset()


def qualifies(name: str, locale: str) -> ColumnElement[bool] | None:
    """A condition for a folded region's or country's name; ``None`` when it is neither."""
    inside = lands(name, locale)
    parts = [and_(Place.country == land, Place.region == code) for land, code in sorted(regions(name))]
    return or_(Place.country.in_(sorted(inside)), *parts) if inside or parts else None


@lru_cache(maxsize=32)
def _lands(locale: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {"uk": {"GB"}, "usa": {"US"}}
    for land, name in babel_locale(locale).territories.items():
        if len(land) == 2:
            found.setdefault(fold(name), set()).add(land)
            found.setdefault(land.lower(), set()).add(land)
    return {name: frozenset(codes) for name, codes in found.items()}


def readable(country: str, region: str) -> str:
    """A division as readers know it (``NSW``, ``Wales``), else nothing: GeoNames numbers most divisions."""
    if (country, region) not in _KNOWN:
        return ""
    return _LONG[region] if country == "GB" else region
