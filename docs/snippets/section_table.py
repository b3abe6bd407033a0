from datetime import date

W4R_SECTION = {
    "preset": "AU",
    "url_prefix": "/act",
    "window": {"starts_on": date(2026, 11, 10), "ends_on": date(2027, 1, 31)},
    "fields": {"phone": "hidden", "postcode": "required"},
    "custom_fields": [
        {
            "name": "how_heard",
            "label": {"en": "How did you hear of us?"},
            "type": "select",
            "choices": ["School", "A friend", "The street"],
        },
    ],
    "consents": {
        "petition": {
            "version": "2026-11",
            "text": {"en": "I am 14 or older. Hand over my name with this petition and delete it after that."},
        },
    },
    "privacy_url": "https://www.example.org/privacy",
    "theme": {"signal": "#ffd400", "on-signal": "#000000", "radius": "6px", "font-display": "Georgia, serif"},
}
