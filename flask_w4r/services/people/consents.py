"""Consent questions: their exact words, filed under a hash, and the answers given."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ...i18n import gettext, use_locale
from ...models import ConsentText
from ...sections import Section
from ..storage.upsert import insert_ignore

PETITION = "petition"
NEWSLETTER = "newsletter"
EMAIL = "email"
#: To words of solidarity, which the person at risk gets and no authority.
MESSAGE = "message"
#: The version of the default words below. Raise it whenever one of them changes.
DEFAULT_VERSION = "2026-2"


@dataclass(frozen=True)
class ConsentQuestion:
    """One question as shown: its purpose, version, exact words and their digest."""

    purpose: str
    version: str
    locale: str
    text: str
    digest: bytes


@dataclass(frozen=True)
class ConsentAnswer:
    """One answer to a question that was shown."""

    purpose: str
    digest: bytes
    granted: bool
    method: str = "web_form"


def question(section: Section, purpose: str, locale: str) -> ConsentQuestion:
    """The words of a consent question in one language: the section's own, else ours.

    Signing can reveal a political opinion, so the petition's consent is explicit (GDPR 9(2)(a)) and says what is done
    with the data.
    """
    own = section.consents.get(purpose)
    if own is not None:
        version, text = own.version, section.text(own.text, locale)
    else:
        version = DEFAULT_VERSION
        with use_locale(locale):
            text = _DEFAULT_TEXTS[purpose](section)
    sealed = "|".join((section.code, purpose, version, locale, text))
    return ConsentQuestion(purpose, version, locale, text, hashlib.sha256(sealed.encode()).digest())


def _of_petition(section: Section) -> str:
    if section.min_age:
        return gettext(
            "I am %(age)s or older, and I agree that %(section)s may keep these details for this"
            " petition and hand over my name with it.",
            age=section.min_age,
            section=section.name,
        )
    return gettext(
        "I agree that %(section)s may keep these details for this petition and hand over my name with it.",
        section=section.name,
    )


def _of_email(section: Section) -> str:
    if section.min_age:
        return gettext(
            "I am %(age)s or older, and I agree that %(section)s may keep these details and send this email with my"
            " name to those named above.",
            age=section.min_age,
            section=section.name,
        )
    return gettext(
        "I agree that %(section)s may keep these details and send this email with my name to those named above.",
        section=section.name,
    )


def _of_newsletter(section: Section) -> str:
    return gettext("May %(section)s write to you about this campaign and others?", section=section.name)


def _of_message(section: Section) -> str:
    if section.min_age:
        return gettext(
            "I am %(age)s or older, and I agree that %(section)s may read and keep my message and these details, and pass"
            " on the message, the name I give and my country.",
            age=section.min_age,
            section=section.name,
        )
    return gettext(
        "I agree that %(section)s may read and keep my message and these details, and pass on the message, the name I give"
        " and my country.",
        section=section.name,
    )


#: Our own words by purpose.
_DEFAULT_TEXTS: Mapping[str, Callable[[Section], str]] = {
    PETITION: _of_petition,
    NEWSLETTER: _of_newsletter,
    EMAIL: _of_email,
    MESSAGE: _of_message,
}


def register_questions(session: Session, section: Section) -> None:
    """File the words of every question of a section, in every locale, unless they are on file."""
    for locale in section.locales:
        for purpose in _DEFAULT_TEXTS:
            asked = question(section, purpose, locale)
            values = {
                "digest": asked.digest,
                "section": section.code,
                "purpose": purpose,
                "version": asked.version,
                "locale": locale,
                "text": asked.text,
            }
            insert_ignore(session, ConsentText.__table__, values)


def consent_values(answers: Sequence[ConsentAnswer], *, now: datetime) -> list[dict[str, object]]:
    """The rows of these answers, but for the signature they belong to."""
    return [
        {
            "purpose": answer.purpose,
            "text_digest": answer.digest,
            "granted": answer.granted,
            "method": answer.method,
            "given_at": now,
        }
        for answer in answers
    ]
