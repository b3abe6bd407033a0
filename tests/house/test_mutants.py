"""What is said of faults that live: of functions that there are, and of the fault that is meant."""

from __future__ import annotations

from pkgutil import resolve_name

import pytest

from tests import survivors
from tests.mutants import shares

CHANGE = "--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n def purge():\n-    return before < now\n+    return (\n+        before <= now)\n"


def test_a_reason_is_for_one_change_of_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survivors, "EXPLAINED", {"services.people.tokens.purge": {"return ( before <= now)": "why"}})
    name = "flask_w4r.services.people.tokens.x_purge__mutmut_{}"
    assert survivors.reason(name.format(7), CHANGE) == survivors.reason(name.format(70), CHANGE) == "why"
    assert survivors.reason(name.format(7), CHANGE.replace("<=", ">")) is None
    assert survivors.reason(name.replace("purge", "issue").format(7), CHANGE) is None


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("flask_w4r.services.audit.keep.x__due__mutmut_13", "services.audit.keep._due"),
        ("flask_w4r.keyring.xǁKeyringǁ__init____mutmut_3", "keyring.Keyring.__init__"),
    ],
)
def test_a_fault_stands_in_a_function(name: str, function: str) -> None:
    assert survivors.function(name) == function


@pytest.mark.parametrize("name", survivors.EXPLAINED)
def test_what_is_explained_is_there(name: str) -> None:
    assert callable(resolve_name(f"flask_w4r.{name}"))


def test_small_rooms_are_tried_whole_and_the_others_share_the_rest() -> None:
    assert shares({"a": 100, "b": 3, "c": 100}, 23) == {"b": 3, "a": 10, "c": 10}
