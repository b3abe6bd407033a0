"""The paper signature list. It is handed over as it is: so it asks for nothing that may not be handed over."""

from __future__ import annotations

from ...i18n import gettext, long_date
from ...sections import Section
from ..campaign.codes import write
from ..people.consents import PETITION, question
from ..printing.small import Paper
from .papers import Press, lines_data, qr
from .sheet import Sheet


def columns(section: Section, locale: str) -> list[str]:
    """What each row asks for beside the signature: what the section's consent says is handed over, and no more."""
    found = []
    for name in section.handed_over:
        found += _names(section) if name == "name" else [_label(section, name, locale)]
    return found


def _names(section: Section) -> list[str]:
    words = {
        "full_name": gettext("Full name"),
        "first_name": gettext("First name"),
        "last_name": gettext("Last name"),
    }
    whole = section.field_mode("full_name") != "hidden"
    wanted = (
        ["full_name"]
        if whole
        else [name for name in ("first_name", "last_name") if section.field_mode(name) != "hidden"]
    )
    return [words[name] for name in wanted] or [words["full_name"]]


def _label(section: Section, name: str, locale: str) -> str:
    own = next((field for field in section.custom_fields if field.name == name), None)
    return section.text(own.label, locale) if own is not None else gettext("Country")


def petition(press: Press, sheet: Sheet) -> Paper:
    """The signature list of a case: one page, to be copied."""
    lens, case = press.lens, sheet.case
    section = lens.section
    text = {"lang": case.text_lang.split("-")[0], "dir": case.text_dir}
    sign = press.absolute("sign", slug=case.slug)
    return press.paper(
        "petition",
        title=gettext("Sign for %(name)s", name=case.name),
        words={
            "to": gettext("To:"),
            "number": gettext("No."),
            "signature": gettext("Signature"),
            "code": gettext("This sheet:"),
            "back": gettext("Send this list to:"),
        },
        heading=gettext("Sign for %(name)s", name=case.name),
        edition=case.edition.title,
        to=" · ".join(one.shown for one in sheet.recipients),
        demand={**text, "text": sheet.demand},
        text=text,
        petition=[part.strip() for part in case.petition.split("\n\n") if part.strip()],
        privacy=_privacy(section, lens.locale),
        back=[lines_data(section.postal_address)] if section.postal_address else [],
        columns=columns(section, lens.locale),
        qr=qr(sign, gettext("QR code: sign on the site instead")),
        facts=gettext(
            "Rather sign on the site? Scan the code. Facts as of %(date)s.", date=long_date(case.facts_as_of)
        ),
        code=write(press.keyring, case.id, press.event_id),
    )


def _privacy(section: Section, locale: str) -> list[str]:
    """The words of the consent, as the sign form has them, and what is different on paper."""
    words = [
        gettext("By signing you say: %(words)s", words=question(section, PETITION, locale).text),
        gettext(
            "This sheet is handed over as it is: whoever signs below sees the names above. Write nothing else on it."
        ),
    ]
    if section.privacy_url:
        words.append(gettext("What happens to your data: %(url)s", url=section.privacy_url))
    if section.contact:
        words.append(gettext("Questions: %(contact)s", contact=section.contact))
    return words
