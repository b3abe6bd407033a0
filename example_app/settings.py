"""The site's settings. Keys are made on the first start of the demonstration, in ``instance/keys.cfg``."""

from __future__ import annotations

import os
from pathlib import Path

INSTANCE = Path(os.environ.get("EXAMPLE_INSTANCE") or Path(__file__).resolve().parent.parent / "instance").absolute()
KEYS_FILE = "keys.cfg"

SQLALCHEMY_DATABASE_URI = os.environ.get("DATABASE_URL", "sqlite:///example.sqlite3")
RATELIMIT_STORAGE_URI = os.environ.get("RATELIMIT_STORAGE_URI", "memory://")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

W4R_BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:5000")
W4R_MAIL_SENDER = "Example Section <w4r@example.org>"
W4R_LAYOUT = "site/layout.html"
#: Without who is signed in, so that pages that many read are the same for all.
W4R_PUBLIC_LAYOUT = "site/public.html"
#: The layout has nothing inline and nothing from elsewhere.
W4R_CSP = "strict"
W4R_SECTIONS = [
    {
        "preset": "AU",
        "url_prefix": "/au",
        "contact": "w4r@example.org",
        "desk_email": "desk@example.org",
        "class_mode": "teacher",
        "action_types": {"vigil": {"en": "Vigils"}},
        "goals": {"letter": 2000, "vigil": 20, "schools": 10},
    },
    {
        "preset": "MA",
        "url_prefix": "/ma",
        "contact": "w4r@example.org",
        "desk_email": "desk@example.org",
        "class_mode": "teacher",
        "action_types": {"vigil": {"ar": "وقفات", "fr": "Veillées"}},
        "goals": {"letter": 2000, "vigil": 20, "schools": 10},
    },
]
