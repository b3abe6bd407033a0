"""Made-up names in ten scripts that the fonts of a usual server hold."""

from __future__ import annotations

import unicodedata

NAMES = (
    ("María", "Söderström-Ñáñez"), ("محمد", "عبد الرحمن الخطيب"), ("Дмитрий", "Каренин"), ("प्रिया", "शर्मा"),
    ("Γιώργος", "Παπαδόπουλος"), ("דוד", "לוי"), ("สมชาย", "ใจดี"), ("அருண்", "குமார்"), ("გიორგი", "ბერიძე"),
    ("Արմեն", "Պետրոսյան"),
)  # fmt: skip


def letters(text: str) -> str:
    """What of a text can be compared once a PDF was read: marks and letters, each once, in one order.

    A reader gives marks before or after their letters, ligatures in parts, and words of mixed directions in either order.
    """
    plain = unicodedata.normalize("NFKD", text)
    return "".join(sorted(char for char in plain if unicodedata.category(char)[0] in "LM"))
