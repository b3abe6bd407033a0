"""What made-up people have in common: numbered addresses, letters drawn by lot, one name over and over, one text.

Nothing here judges. A pattern is a key under which :mod:`.rates` counts different mailboxes, so that one honest
``john7`` means nothing and the hundredth in an hour does.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

#: Shorter texts ("yes", "for freedom") are the same for many honest people.
SHORTEST_TEXT = 24
#: Numbers this near one another count as one run: 0-99, 100-199...
RUN_LENGTH = 100


def _several(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LAST_NUMBER = re.compile(r"\d{1,15}(?=\D*$)")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
_WORDS = re.compile(r"[^\W\d_]+")
_RARE_PAIRS = _several(
    "bx cj cv cx dx fq fx gq gx hx jb jc jd jf jg jh jj jk jl jm jn jp jq jr js jt jv jw jx jy jz kq kx lx mq mx "
    "pq px qb qc qd qe qf qg qh qj qk ql qm qn qo qp qr qs qt qv qw qx qy qz rx sx tq vb vc vd vf vg vh vj vk vm vn "
    "vp vq vt vw vx wq wx xb xd xf xg xj xk xl xm xn xq xr xs xv xw xz zb zc zd zf zg zj zk zn zp zq zr zs zt zv zx"
)
#: Services that make an address by lot for each site, for people who guard their own.
_RELAYS = _several(
    "privaterelay.appleid.com icloud.com duck.com mozmail.com relay.firefox.com simplelogin.com simplelogin.co "
    "aleeas.com slmail.me passmail.net passmail.com passinbox.com anonaddy.com anonaddy.me addy.io"
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A numbered local part: ``john.s17`` is ``john.s#``, in the run of 0 to 99."""

    stem: str
    run: int


def numbered(local: str) -> Numbered | None:
    """Read the last number in a local part.

    :param local: what stands before the ``@``, in canonical form.
    :returns: its stem and run; ``None`` where there is no number.
    """
    found = _LAST_NUMBER.search(local)
    if found is None:
        return None
    stem = f"{local[: found.start()]}#{local[found.end() :]}"
    return Numbered(stem, int(found.group()) // RUN_LENGTH)


def looks_random(local: str, domain: str) -> bool:
    """Say whether a local part looks drawn by lot.

    It is wrong now and then, in any language; so it only adds to a score.
    """
    if domain in _RELAYS or not local.isascii():
        return False
    local = local.partition("+")[0].casefold()
    # A separator is put by people; each part is then looked at for itself.
    part = max(re.split(r"[._-]", local), key=len)
    if len(part) < 8:
        return False
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(part))
    if changes >= 4:
        return True
    # An initial before or after a surname ("jrossi", "tariqt") makes pairs that no word has.
    letters = "".join(char for char in part if char.isalpha())[1:-1]
    if len(letters) < 6:
        return False
    rare = sum(pair in _RARE_PAIRS for pair in map("".join, pairwise(letters)))
    vowels = sum(char in "aeiouy" for char in letters)
    strange = (
        2 * min(rare, 2) + (changes >= 3) + 2 * bool(_CONSONANTS.search(letters)) + 2 * (vowels * 6 < len(letters))
    )
    return strange >= 4 or rare * 6 >= len(letters)


def name_key(first: str, last: str) -> str:
    """A name as compared with nearly equal ones: no accents, digits, signs, doubled letters, nor order of words."""
    text = f"{first} {last}"
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in parts if unicodedata.category(char) != "Mn")
    words = [re.sub(r"(.)\1+", r"\1", word) for word in _WORDS.findall(text.casefold())]
    return " ".join(sorted(words)) or text.casefold().strip()


def text_key(text: str) -> str | None:
    """A free text as compared with others: its words alone. ``None`` where it is too short to mean anything."""
    words = " ".join(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))
    return words if len(words) >= SHORTEST_TEXT else None
