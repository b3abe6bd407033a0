"""Does a text tell where somebody lives? For the desk to look at, never to refuse: streets are named in too many ways."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STREETS = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|place|pl|terrace|tce|crescent|cres|parade|pde|highway|hwy|"
    "boulevard|blvd|close|way|square|sq|row|quay|grove|gardens|esplanade|"
    "rue|chemin|impasse|allée|route|quai|cours|calle|avenida|carrera|plaza|paseo|rua|travessa|alameda|"
    "straße|strasse|weg|platz|allee|gasse|via|viale|piazza"
)
_PARTS = (
    # "12 High Street", "12b, rue de la Paix", "Unit 3/12 Long Rd"
    rf"\b\d{{1,5}}\s?[a-z]?,?\s+(?:[\w'’.-]+\s+){{0,4}}(?:{_STREETS})\b",
    # "rue de la Paix 12", "Hauptstraße 5", "Calle Mayor, 5"
    rf"\b(?:{_STREETS})\b\.?\s+(?:[\w'’.-]+\s+){{0,4}}?[\w'’.-]*,?\s*(?:n[o°º.]*\s*)?\d{{1,5}}\b",
    r"\b\w+(?:straße|strasse|str\.?|weg|gasse|platz|straat|laan|plein|gatan|vägen|gata|veien)\s+\d{1,4}\b",
    # "C/ Mayor 5", "ul. Długa 3"
    r"(?:\bulica\s|\bul\.|\bc/)\s*(?:[\w'’.-]+,?\s+){1,4}\d{1,5}\b",
    # Arabic: "شارع … 12", "12 شارع …"
    r"(?:شارع|زنقة|نهج|حي|عمارة)\s+(?:\S+\s+){0,5}?[\d٠-٩]{1,5}",
    r"[\d٠-٩]{1,5}\s*[،,]?\s*(?:شارع|زنقة|نهج|حي)\b",
    # "Flat 3", "Apartment 12", "3rd floor", a house number in words of its own
    r"\b(?:flat|unit|apt|apartment|appartement|appt|piso|apto)\.?\s*(?:n[o°º.]*\s*)?\d+\w?\b",
    r"\b(?:house|door|number|numéro|número)\s+(?:no\.?\s*)?\d{1,5}\b",
    # Coordinates, plus codes, links to a map
    r"-?\d{1,2}\.\d{3,}\s*[,;]\s*-?\d{1,3}\.\d{3,}",
    r"\d{1,3}\s?°\s?\d{1,2}\s?['’′]",
    r"\b[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}\b",
    r"\b(?:goo\.gl/maps|maps\.app\.goo\.gl|google\.[a-z.]+/maps|osm\.org|openstreetmap\.org|what3words|w3w\.co)\b",
    r"///\w+\.\w+\.\w+",
)
_ADDRESS = re.compile("|".join(f"(?:{part})" for part in _PARTS), re.IGNORECASE)
#: So much of a text is looked at; no field of the form is longer.
_LONGEST = 10_000


def looks_like_address(*texts: str) -> bool:
    """Whether any of these texts holds what looks like a street with a number, a flat, or a point on a map."""
    return any(_ADDRESS.search(text[:_LONGEST]) is not None for text in texts)


def tells(texts: Iterable[str], secrets: Iterable[str]) -> bool:
    """Whether any text repeats one of the things that are to stay secret, or the part of it up to the first comma."""
    wanted = {_words(part) for secret in secrets for part in (secret, secret.partition(",")[0])}
    wanted = {secret for secret in wanted if len(secret) >= 7}
    return any(secret in _words(text) for text in texts for secret in wanted)


def _words(text: str) -> str:
    """The words alone, so that a comma or a line's end hides nothing."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return f" {' '.join(words)} "
