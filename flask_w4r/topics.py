"""The words a case is filed under: keys that stand in kits and tables, with labels in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .i18n import lazy_gettext as _l

#: What a case is about.
TOPICS: Mapping[str, Any] = {
    "police-violence": _l("Police violence"),
    "peaceful-protest": _l("Peaceful protest"),
    "freedom-of-expression": _l("Freedom of expression"),
    "womens-rights": _l("Women's rights"),
    "lgbti-rights": _l("LGBTI rights"),
    "childrens-rights": _l("Children's rights"),
    "death-penalty": _l("Death penalty"),
    "torture": _l("Torture"),
    "unfair-trial": _l("Unfair trial"),
    "enforced-disappearance": _l("Enforced disappearance"),
    "environment": _l("Environment"),
    "climate": _l("Climate"),
    "indigenous-rights": _l("Rights of Indigenous peoples"),
    "disability-rights": _l("Disability rights"),
    "reproductive-rights": _l("Reproductive rights"),
    "human-rights-defenders": _l("Human rights defenders"),
    "corporate-accountability": _l("Corporate accountability"),
    "justice-for-killings": _l("Accountability for killings"),
    "health": _l("Health"),
}

#: What a reader may want to be warned of before the story.
SENSITIVE: Mapping[str, Any] = {
    "violence": _l("violence"),
    "killing": _l("a killing"),
    "torture": _l("torture"),
    "sexual-violence": _l("sexual violence"),
    "disappearance": _l("enforced disappearance"),
    "death-penalty": _l("the death penalty"),
    "health": _l("illness and denied care"),
    "suicide": _l("suicide"),
    "minor": _l("harm to a child"),
}

#: How an impact story ended, so far.
OUTCOMES: Mapping[str, Any] = {
    "freed": _l("Freed"),
    "acquitted": _l("Acquitted"),
    "commuted": _l("Death sentence commuted"),
    "charges-dropped": _l("Charges dropped"),
    "protected": _l("Safer"),
    "justice": _l("Justice done"),
    "law-changed": _l("Law changed"),
    "other": _l("Progress"),
}

#: What a figure counts. People are not actions, so a figure never loses its unit.
UNITS: Mapping[str, Any] = {
    "actions": _l("actions"),
    "people": _l("people"),
    "countries": _l("countries"),
    "signatures": _l("signatures"),
    "letters": _l("letters"),
    "emails": _l("emails"),
    "solidarity_messages": _l("messages of solidarity"),
}

#: How exact a figure is; the empty text stands for an exact one.
QUALIFIERS: Mapping[str, Any] = {
    "": "",
    "over": _l("more than"),
    "at_least": _l("at least"),
    "nearly": _l("nearly"),
    "close_to": _l("close to"),
    "about": _l("about"),
    "under": _l("fewer than"),
}

#: How words of solidarity reach the person.
SOLIDARITY_ROUTES: Mapping[str, Any] = {
    "none": _l("No messages of solidarity"),
    "direct": _l("To the person"),
    "section": _l("Through the section"),
    "family": _l("Through the family"),
    "online": _l("Online only"),
}

#: What a message of solidarity must leave out.
SOLIDARITY_RULES: Mapping[str, Any] = {
    "no-religion": _l("No religious words, symbols or pictures"),
    "no-holidays": _l("No Christmas or New Year greetings"),
    "no-politics": _l("No political comment"),
    "no-case-details": _l("No mention of the case or the charges"),
    "no-amnesty": _l("No mention of Amnesty"),
    "no-sender-address": _l("No sender’s address"),
    "no-photo": _l("No photos"),
    "no-public": _l("No message is shown in public"),
}

#: The vocabularies that a section may add words of its own to: nothing but their labels depends on them.
OPEN: Mapping[str, Mapping[str, Any]] = {
    "topics": TOPICS,
    "sensitive": SENSITIVE,
    "solidarity_rules": SOLIDARITY_RULES,
    "outcomes": OUTCOMES,
    "units": UNITS,
}

#: What can be done for a case, as kits open and close it.
WAYS: Mapping[str, Any] = {
    "petition": _l("Sign the petition"),
    "letter": _l("Write a letter"),
    "email": _l("Write an email to those in power"),
    "solidarity": _l("Send words of support"),
    "share": _l("Tell others"),
}

#: What kind of event it is.
EVENT_KINDS: Mapping[str, Any] = {
    "public": _l("Open to everyone"),
    "school": _l("School"),
    "private": _l("In someone’s home"),
    "online": _l("Online"),
    "hybrid": _l("In person and online"),
}

#: Whether one gets in without steps.
ACCESS_STATUSES: Mapping[str, Any] = {
    "unknown": _l("Step-free access: not known"),
    "step_free": _l("Step-free access"),
    "partly": _l("Partly step-free"),
    "not_accessible": _l("No step-free access"),
}

#: What is told of the seats.
AVAILABILITIES: Mapping[str, Any] = {
    "open": _l("Places available"),
    "few": _l("Few places left"),
    "full": _l("Full: waiting list"),
}
