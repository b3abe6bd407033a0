"""What is known of mail providers: which spellings reach one mailbox, and which domains many people share.

Sources are the providers' own help pages, and for Proton its published web client. Data only; the rules are applied
in :mod:`flask_w4r.services.people.addresses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class MailboxRule:
    """How one provider reads the part before the ``@``.

    ``tags``: what follows ``+`` is ignored. ``letters``: a :meth:`str.translate` table of characters that it drops or
    takes for another. ``mailbox_domain``: the name under which alias domains are joined.
    """

    tags: bool = True
    letters: Mapping[int, str | None] = field(default_factory=dict)
    mailbox_domain: str | None = None


def _letters(pairs: dict[str, str | None]) -> Mapping[int, str | None]:
    return MappingProxyType(str.maketrans(pairs))


_GMAIL = MailboxRule(letters=_letters({".": None}), mailbox_domain="gmail.com")
_PROTON = MailboxRule(letters=_letters({".": None, "_": None, "-": None}), mailbox_domain="proton.me")
_APPLE = MailboxRule(mailbox_domain="icloud.com")
_YANDEX = MailboxRule(letters=_letters({".": "-"}), mailbox_domain="yandex.ru")
_TAGS = MailboxRule()


def _domains(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MICROSOFT = _domains(
    "outlook.com outlook.fr outlook.de outlook.es outlook.it outlook.be outlook.ie outlook.dk outlook.pt outlook.sa "
    "outlook.com.au outlook.com.br outlook.co.nz outlook.co.id outlook.in outlook.jp outlook.kr "
    "hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.es hotmail.it hotmail.be hotmail.nl hotmail.se hotmail.no "
    "hotmail.dk hotmail.ca hotmail.ch hotmail.com.au hotmail.co.nz hotmail.com.ar hotmail.com.br hotmail.com.tr "
    "live.com live.co.uk live.fr live.de live.it live.be live.nl live.ca live.se live.no live.dk live.ie live.com.au "
    "live.com.mx msn.com passport.com"
)

#: Rules by domain. A domain that is not here has none: its dots and tags belong to the name.
RULES: Mapping[str, MailboxRule] = MappingProxyType(
    {
        **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
        **dict.fromkeys(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), _PROTON),
        **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _APPLE),
        **dict.fromkeys(
            ("yandex.ru", "yandex.com", "ya.ru", "yandex.by", "yandex.kz", "yandex.ua", "yandex.com.tr"), _YANDEX
        ),
        **dict.fromkeys(_MICROSOFT, _TAGS),
        **dict.fromkeys(("fastmail.com", "fastmail.fm", "posteo.de", "posteo.net", "mailbox.org", "riseup.net"), _TAGS),
    }
)

#: Domains with so many mailboxes that the name of one says nothing about a person.
PUBLIC_PROVIDERS: frozenset[str] = frozenset(RULES) | frozenset(
    _domains(
        "yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.ca yahoo.ie yahoo.com.au yahoo.co.nz "
        "yahoo.co.jp yahoo.co.in yahoo.com.br yahoo.com.ar yahoo.com.mx ymail.com rocketmail.com aol.com "
        "gmx.com gmx.net gmx.de gmx.at gmx.ch gmx.fr web.de t-online.de freenet.de mail.com "
        "orange.fr wanadoo.fr free.fr laposte.net sfr.fr bbox.fr neuf.fr "
        "btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk eircom.net "
        "bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au xtra.co.nz "
        "comcast.net att.net sbcglobal.net verizon.net cox.net charter.net bellsouth.net "
        "shaw.ca rogers.com telus.net videotron.ca sympatico.ca bell.net "
        "libero.it virgilio.it tiscali.it telefonica.net sapo.pt ziggo.nl kpnmail.nl telenet.be skynet.be bluewin.ch "
        "wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz abv.bg ukr.net mail.ru bk.ru inbox.ru list.ru rambler.ru "
        "qq.com 163.com 126.com sina.com naver.com daum.net hanmail.net docomo.ne.jp ezweb.ne.jp "
        "uol.com.br bol.com.br terra.com.br rediffmail.com zoho.com tutanota.com tuta.com tuta.io tutamail.com hey.com"
    )
)
