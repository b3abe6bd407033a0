"""Whatever stands in the configuration: it is read, or refused with a list of faults; never anything else."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flask_w4r import ConfigurationError
from flask_w4r.config import W4RConfig
from flask_w4r.sections import Section

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.binary(max_size=5), st.dates(),
    st.datetimes(), st.just(object()), st.sampled_from(["AU", "en", "email", "/x", "https://example.org", "a@b.example"]),
)  # fmt: skip
garbage = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner),
        st.sets(st.text(max_size=3), max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers()), inner, max_size=3),
    ),
    max_leaves=5,
)
KEYS = [f"W4R_{item.name.upper()}" for item in fields(W4RConfig)]
SECTION_KEYS = [item.name for item in fields(Section)]
TABLE_KEYS = ("sign_host", "pending_days", "hold_at", "url", "attribution", "max_zoom", "name", "label", "type",
              "choices", "version", "text", "petition", "email", "starts_on", "ends_on", "ink", "required")  # fmt: skip
tables = st.dictionaries(st.sampled_from(TABLE_KEYS), garbage, max_size=4)
OWN = {
    "code": "XX",
    "name": "X",
    "country": "NZ",
    "locales": ["en"],
    "time_zone": "UTC",
    "window": {"ends_on": date.max},
}


def read(config: dict[Any, Any]) -> None:
    for relaxed in (True, False):
        with contextlib.suppress(ConfigurationError):
            W4RConfig.from_mapping(config, relaxed=relaxed)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), garbage | tables, max_size=4))
def test_any_configuration(config: dict[str, Any]) -> None:
    read({"W4R_SECTION": "AU", **config})


@settings(max_examples=600, deadline=None)
@given(st.dictionaries(st.sampled_from(SECTION_KEYS), garbage | tables | st.lists(tables, max_size=2), max_size=4))
def test_any_section(table: dict[str, Any]) -> None:
    read({"W4R_SECTION": {**OWN, **table}})
    read({"W4R_SECTIONS": [{"preset": "MA", **table}, table]})


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text().map("W4R_".__add__) | st.integers() | st.none(), garbage, max_size=3))
def test_any_keys(config: dict[Any, Any]) -> None:
    read(config)


@settings(max_examples=100, deadline=None)
@given(garbage)
def test_any_sections(value: Any) -> None:
    read({"W4R_SECTIONS": value})
    read({"W4R_SECTION": value})
