"""The French and Arabic catalogues are whole, fit the source, and are compiled from what stands beside them."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.i18n import catalogues
from tests.i18n.catalogues import LOCALES, PLACEHOLDER, ROOT, forms, ids, messages

every_locale = pytest.mark.parametrize("locale", LOCALES)
#: "No signature", "one signature" and "two signatures" are whole words in Arabic; a number beside them reads as a fault.
NUMBER_IN_THE_WORD = {"ar": {0, 1, 2}}


@every_locale
def test_every_message_is_translated(locale: str) -> None:
    catalogue = catalogues.source(locale)
    assert {ids(message) for message in messages(catalogue)} == {ids(item) for item in messages(catalogues.template())}
    for message in messages(catalogue):
        assert not message.fuzzy, message.id
        assert all(form.strip() for form in forms(message)), message.id
        if message.pluralizable:
            assert len(forms(message)) == catalogue.num_plurals, message.id
    assert not catalogue.obsolete


@every_locale
def test_placeholders_are_kept_in_every_form(locale: str) -> None:
    for message in messages(catalogues.source(locale)):
        wanted = set(PLACEHOLDER.findall(ids(message)[0]))
        for number, form in enumerate(forms(message)):
            found = set(PLACEHOLDER.findall(form))
            if message.pluralizable and number in NUMBER_IN_THE_WORD.get(locale, set()):
                found |= {"num"} & wanted
            assert found == wanted, (message.id, form)
            assert "%" not in PLACEHOLDER.sub("", form), form


@every_locale
def test_the_compiled_catalogue_is_of_these_words(locale: str) -> None:
    source, compiled = catalogues.source(locale), catalogues.compiled(locale)
    assert {ids(item): forms(item) for item in messages(source)} == {
        ids(item): forms(item) for item in messages(compiled)
    }
    assert (compiled.num_plurals, compiled.plural_expr) == (source.num_plurals, source.plural_expr)


def test_the_template_is_what_the_source_says(tmp_path: Path) -> None:
    """``make translations`` would find the same messages, in the same order."""
    makefile = (ROOT / "Makefile").read_text()
    line = next(line.strip() for line in makefile.splitlines() if "pybabel extract" in line)
    words = shlex.split(line)
    fresh = tmp_path / "fresh.pot"
    words[words.index("-o") + 1] = str(fresh)
    run = subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", *words[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    with fresh.open("rb") as file:
        found = [(ids(item), item.flags) for item in messages(read_po(file))]
    assert found == [(ids(item), item.flags) for item in messages(catalogues.template())], "say make translations"


def test_every_call_for_words_is_a_literal_in_the_template() -> None:
    """Found by reading the source, not by Babel's rules for which folders and file names count."""
    known = {word for message in messages(catalogues.template()) for word in ids(message)}
    asked = [*catalogues.asked_in_python(), *catalogues.asked_in_templates()]
    suffixes = {path.suffix for path, _, _ in asked}
    assert suffixes == {".py", ".html", ".txt"}
    assert any("_partials" in path.parts for path, _, _ in asked)
    for path, line, words in asked:
        place = f"{path.relative_to(ROOT)}:{line}"
        assert None not in words, f"{place} asks for words that are not a literal"
        assert set(words) <= known, f"{place} asks for words that nobody can translate"


def test_french_spacing() -> None:
    for message in messages(catalogues.source("fr")):
        for form in forms(message):
            assert not re.search(r"[^\u00a0]:(\s|$)", form), f"no no-break space before the colon: {form}"
            assert not re.search(r"[^\u202f][;?!]", form), f"no narrow no-break space: {form}"
            assert not re.search("«[^\u00a0]|[^\u00a0]»", form), f"no no-break space within the quotation marks: {form}"
            assert not re.search("['\"]", form), f"a typewriter's apostrophe or quotation mark: {form}"


def test_arabic_punctuation() -> None:
    for message in messages(catalogues.source("ar")):
        for form in forms(message):
            words = PLACEHOLDER.sub("", form)
            assert not re.search("[,;?\"']", words), f"punctuation of another script: {form}"
            # What stands between two names alone has no letter in any language.
            assert re.search("[\u0620-\u064a]", words) or not re.search(r"\w", words), f"no Arabic: {form}"
