"""What holds where a site says nothing: its features, how often anybody may do what, and what each finding weighs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

HCAPTCHA_URL = "https://api.hcaptcha.com/siteverify"
FEATURES = (
    "petitions", "impact", "moderation", "tally", "events", "letters", "emails", "messages", "sharing", "schools", "rollup",
)  # fmt: skip
#: Mounted unless a site says otherwise. The sums of all sections are for the centre to show.
USUAL_FEATURES = tuple(name for name in FEATURES if name != "rollup")

DEFAULT_RATE_LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "sign_host": "60/minute; 600/hour",
        "sign_site": "300/minute",
        "sign_block": "1000/minute",
        "sign_uncaptcha": "40/hour",
        "hold_host": "40/minute; 200/hour",
        "hold_site": "120/minute; 600/hour",
        "hold_case": "600/minute; 10000/hour",
        "rsvp_host": "60/minute; 300/hour",
        "rsvp_site": "300/minute",
        "rsvp_block": "1000/minute",
        "rsvp_uncaptcha": "40/hour",
        "report_host": "40/minute; 200/hour",
        "report_site": "200/minute",
        "report_block": "600/minute",
        "report_uncaptcha": "40/hour",
        "email_host": "60/minute; 300/hour",
        "email_site": "300/minute",
        "email_block": "1000/minute",
        "email_uncaptcha": "40/hour",
        "event_host": "20/minute; 60/hour",
        "event_site": "60/minute",
        "event_block": "300/minute",
        "event_uncaptcha": "20/hour",
        "host_message": "10/hour; 30/day",
        "message_host": "20/minute; 120/hour",
        "message_site": "120/minute",
        "message_block": "500/minute",
        "message_uncaptcha": "20/hour",
        "my_data_host": "20/minute; 60/hour",
        "my_data_site": "60/minute",
        "my_data_block": "300/minute",
        "token_host": "300/minute",
        "confirm_host": "60/minute",
        "paper_host": "30/minute; 300/hour",
        "desk_find": "20/hour",
        "share_host": "60/minute; 600/hour",
        "school_host": "20/minute; 60/hour",
        "school_site": "60/minute",
        "school_block": "300/minute",
        "school_uncaptcha": "20/hour",
        "class_link": "300/minute",
    }
)
DEFAULT_SCORING: Mapping[str, int] = MappingProxyType(
    {
        "hold_at": 50,
        "honeypot": 25,
        "too_fast": 20,
        "name_marks": 10,
        "name_scripts": 15,
        "name_link": 50,
        "disposable_domain": 50,
        "rate_network": 25,
        "rate_domain": 10,
        "rate_case": 10,
        "address_sequence": 30,
        "address_random": 20,
        "name_repeated": 10,
        "text_repeated": 20,
        "fast_confirm": 5,
    }
)
