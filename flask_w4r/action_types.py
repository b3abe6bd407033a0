"""Types of action: those that sections all over the world count by, whatever a site of theirs has switched on, and a section's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .i18n import get_locale
from .i18n import lazy_gettext as _l
from .seam import Action, Seam
from .sections import Section

#: Counted by this site alone; a case's plain goal is of these.
SIGNATURE = "petition_signature"
_ALL = (
    Action(
        SIGNATURE, _l("Signatures"),
        _l("A signature online under the demand of one case, its address confirmed."), is_reported=False,
    ),
    Action("letter", _l("Letters"), _l("A letter to someone in power, written by hand or printed and signed, that was posted or handed in.")),
    Action("card", _l("Cards"), _l("A card, printed or drawn, to someone in power, that was posted or handed in.")),
    Action("petition_paper", _l("Signatures on paper"), _l("A signature on a paper list under the demand of one case.")),
    Action(
        "solidarity_message", _l("Messages of solidarity"),
        _l("Words of support to the person at risk or their family: a letter, or a message online."),
    ),
    Action("solidarity_card", _l("Solidarity cards"), _l("A card, drawing or photo to the person at risk or their family.")),
    Action("email", _l("Emails"), _l("An email to someone in power that left.")),
    Action("social_post", _l("Posts"), _l("A public post to someone in power, or about a case, on a social network.")),
    Action(
        "other", _l("Other actions"),
        _l(
            "Anything else that was sent for a case, such as a phone call, a text message or a fax; and what is not broken down"
            " because there are fewer than ten of it."
        ),
    ),
)  # fmt: skip
#: By name. One thing done by one person once is one action: a petition that was signed for five cases is five.
STANDARD: Mapping[str, Action] = {action.name: action for action in _ALL}


def types_of(section: Section) -> tuple[str, ...]:
    """The types that a section counts by and signs its numbers under, its own last."""
    return tuple(dict.fromkeys((*STANDARD, *section.action_types)))


def reported_types(section: Section) -> tuple[str, ...]:
    """Those of :func:`types_of` that somebody can report, or the section can count by hand."""
    return tuple(name for name in types_of(section) if name not in STANDARD or STANDARD[name].is_reported)


def in_order(names: Collection[str]) -> list[str]:
    """Types as lists show them: those that everybody counts by first, in their order."""
    return [*(name for name in STANDARD if name in names), *sorted(set(names).difference(STANDARD))]


def known_types(seam: Seam, sections: Iterable[Section]) -> Collection[str]:
    """The types that a site takes from others: those everybody counts by, and those of its own sections and capabilities."""
    return {*STANDARD, *seam.actions, *(name for section in sections for name in section.action_types)}


def type_words(section: Section, name: str, brought: Mapping[str, Action] = STANDARD) -> str:
    """What a type is called in the current language: by the section, else by us.

    :param brought: what capabilities call their own, as ``Seam.actions`` has them.
    :returns: the name, made readable, of a type that nobody has words for any more: its numbers still count.
    """
    if name in section.action_types:
        return section.text(section.action_types[name], get_locale())
    action = brought.get(name) or STANDARD.get(name)
    return str(action.words) if action else name.replace("_", " ").strip().capitalize() or name
