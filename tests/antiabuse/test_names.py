from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flask_w4r.antiabuse.names import NameFault, check_name, clean_text, name_findings


def _checks(first: str, last: str = "") -> list[str]:
    return [finding.check for finding in name_findings(first, last)]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Ann   Lee ", "Ann Lee"),
        ("Ann\tLee\r\nX", "Ann Lee X"),
        ("Ann\u00a0Lee", "Ann Lee"),
        ("Jose\u0301", "José"),
        ("A\u202enn\u202c", "Ann"),
        ("\u200fعلي\u200f", "علي"),
        ("Ann\x00\x1b[31m", "Ann[31m"),
        ("Ann\ud800", "Ann"),
        ("A\ufdd0n\ufffe\U0010ffffn", "Ann"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("Ann\u200d", "Ann"),
        ("\u200dAnn", "Ann"),
        ("An\u200d\u200dn", "An\u200dn"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text, 100) == cleaned


def test_long_text_is_cut_without_loose_ends() -> None:
    assert clean_text("ab cd", 3) == "ab"
    assert clean_text("می\u200cخ", 3) == "می"


@given(st.text(), st.integers(1, 60))
def test_cleaning_twice_changes_nothing(text: str, length: int) -> None:
    once = clean_text(text, length)
    assert clean_text(once, length) == once
    assert len(once) <= length
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in once)
    once.encode()


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200e", "\u3164", "\u0301\u0302", None, "\u2800 \u115f"])
def test_an_empty_name_is_refused(text: str | None) -> None:
    with pytest.raises(NameFault) as caught:
        check_name(text)
    assert caught.value.key == "empty"


@pytest.mark.parametrize("text", ["x" * 101, "x" * 100_000, "e\u0301\u0302\u0303\u0304" * 5_000])
def test_an_endless_name_is_refused(text: str) -> None:
    with pytest.raises(NameFault) as caught:
        check_name(text)
    assert caught.value.key == "too_long"


def test_the_longest_name() -> None:
    assert check_name(" " + "x" * 100 + " ") == "x" * 100


REAL_NAMES = [
    "Ann", "O'Brien", "Jean-Luc", "Nguyễn Thị Ánh", "Иван", "Ελένη", "محمد", "مُحَمَّد", "שָׁלוֹם", "李小龍", "田中さくら",
    "ジョン・スミス", "김민준", "สมชาย ศรีสุข", "ཚེ་རིང", "क्षितिज", "José María", "Þórður", "D’Angelo", "Kahoʻokele",
    "J.R.R. Tolkien", "St.John", "Martin Luther King, Jr.", "X Æ A-12", "Ma.Teresa", "Ó Conaire", "Łukasz", "Ŵyn", "7",
    # With a dot, a colon or a slash, which links have too.
    "Paul.io Ng", "Smith.Me", "smith.me", "Anna.Co", "Jo.Club Live", "R.Ravi a/l M.Kumar", "Devi d/o Raju", "S/O.Ramesh",
    "J.Smith/A.Jones", "St.John/Smith", "Tiyá:xe", "Kanien’kehá꞉ka", "Anna:s", "د. محمد", "د/محمد علي", "أ.د/منى", "د.محمد/علي",
    "И.И.Иванов", "Γ.Π. Νίκου", "ד״ר כהן", "レオナルド・ダ・ヴィンチ", "Gal·la", "Łukasz.Net", "Νίκος.gr", "Prof.Dr.med. Weiß", "Wwwanyika",
    "Data Ram", "Datta: Ram", "Tel Aviv", "Sam @ home", "@sam.smith", "C. / P. Martin", "सु.श्री मीरा",
]  # fmt: skip


@pytest.mark.parametrize("name", REAL_NAMES)
def test_real_names_pass_unscored(name: str) -> None:
    assert check_name(name) == unicodedata.normalize("NFC", name)
    assert _checks(name) == []


def test_a_name_may_use_one_script_and_the_surname_another() -> None:
    assert _checks("Anna", "Иванова") == []


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("A\u0334\u0335\u0336\u0337nn", "name_marks"),
        ("Аnn", "name_scripts"),
        ("Pοul", "name_scripts"),
        ("http://x.example", "name_link"),
        ("www.example.org", "name_link"),
        ("Buy at CHEAP-PILLS.com/now", "name_link"),
        ("HTTP:evil", "name_link"),
        ("hxxps: // evil", "name_link"),
        ("https：／／evil", "name_link"),
        ("evil:\u2215\u2215x", "name_link"),
        ("Sam mailto:x", "name_link"),
        ("javascript:alert(1)", "name_link"),
        ("www evil org", "name_link"),
        ("WWW2.evil.org", "name_link"),
        ("ｗｗｗ．evil．org", "name_link"),
        ("ԝԝԝ.evil.org", "name_link"),
        ("w\u200bww.evil.org", "name_link"),
        ("evil.com⁄x", "name_link"),
        ("evil.xyz:8080/x", "name_link"),
        ("evil.рф/x", "name_link"),
        ("evil。中国/x", "name_link"),
        ("T.Me/x", "name_link"),
        ("evil.com?x", "name_link"),
        ("ann@example.org", "name_link"),
        ("t.me bit.ly/x", "name_link"),
    ],
)
def test_odd_names_score(name: str, check: str) -> None:
    cleaned = check_name(name)
    assert _checks(cleaned) == [check]
    assert not any(finding.hold for finding in name_findings(name, ""))


def test_a_link_across_both_fields_is_no_link() -> None:
    assert _checks("Ann.", "com") == []


def test_scores_come_from_the_configuration() -> None:
    scoring = {"name_marks": 1, "name_scripts": 2, "name_link": 3}
    assert [item.score for item in name_findings("Аnn", "www.x.com", scoring)] == [2, 3]


@given(st.text())
def test_nothing_but_the_documented_fault_is_raised(text: str) -> None:
    try:
        name = check_name(text)
    except NameFault:
        return
    assert check_name(name) == name
    assert 1 <= len(name) <= 100
    name_findings(name, name)


@given(
    st.text(
        st.characters(categories=["L", "M", "N", "Pd", "Po", "Zs"], exclude_characters="/@:?#／＠：？＃﹕︓﹖﹟﹫︖")
    )
)
def test_no_name_is_a_link_by_its_letters_and_dots(text: str) -> None:
    """Without a scheme, a path or ``www`` nothing is one."""
    assume("www" not in unicodedata.normalize("NFKC", text).casefold())
    assert "name_link" not in _checks(clean_text(text, 100))


@given(st.text(max_size=20), st.sampled_from(["https://a.b", "www.a.b", "a.com/x", "mailto:a"]), st.text(max_size=20))
def test_a_link_is_found_wherever_it_stands(before: str, link: str, after: str) -> None:
    assert "name_link" in _checks(clean_text(f"{before} {link} {after}", 100))
