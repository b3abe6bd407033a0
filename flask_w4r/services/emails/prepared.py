"""What is prepared to be sent: subjects and texts, one by turn; and what a supporter made of them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..kits.way_texts import MOST


@dataclass(frozen=True)
class Prepared:
    """One of the variants."""

    subject: str
    text: str


@dataclass(frozen=True)
class Piece:
    """A line of a difference. ``sign``: ``+`` written by the supporter, ``-`` prepared and left out, a space: both have it."""

    sign: str
    text: str


def variants_of(words: Mapping[str, str]) -> list[Prepared]:
    """The variants that have a subject and a text, in the order of their numbers.

    :param words: a case's texts of ways to act.
    """
    pairs = (
        (words.get(f"email.{number}.subject", ""), words.get(f"email.{number}.text", ""))
        for number in range(1, MOST + 1)
    )
    return [Prepared(subject, text) for subject, text in pairs if subject and text]


def settled(text: str) -> str:
    """A text as two are compared: ends of lines and space around it do not matter."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()


def nearest(variants: Sequence[Prepared], subject: str, body: str) -> Prepared | None:
    """The variant that an email was made from: the very one, else the most like it; ``None``: there are none."""
    said = Prepared(settled(subject), settled(body))
    for one in variants:
        if (settled(one.subject), settled(one.text)) == (said.subject, said.text):
            return one

    def likeness(one: Prepared) -> float:
        return difflib.SequenceMatcher(None, said.text.split(), settled(one.text).split(), autojunk=False).ratio()

    return max(variants, key=likeness, default=None)


def is_edited(prepared: Prepared | None, subject: str, body: str) -> bool:
    """Whether an email says something else than what was prepared."""
    if prepared is None:
        return True
    return (settled(prepared.subject), settled(prepared.text)) != (settled(subject), settled(body))


def difference(prepared: Prepared | None, subject: str, body: str) -> list[Piece]:
    """What a supporter changed, line by line, the subject first."""
    before = [prepared.subject, *settled(prepared.text).split("\n")] if prepared else []
    after = [subject, *settled(body).split("\n")]
    found = (Piece(line[0], line[2:]) for line in difflib.ndiff(before, after) if line[0] in "+- ")
    return [one for one in found if one.sign != " " or one.text]


def added(prepared: Prepared | None, subject: str, body: str) -> list[str]:
    """The lines that a supporter wrote."""
    return [one.text for one in difference(prepared, subject, body) if one.sign == "+" and one.text]
