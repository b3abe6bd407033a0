# section: start
W4R_SECTION = {
    "preset": "AU",
    "custom_fields": [{"name": "job", "label": {"en": "Occupation"}}],
    "consents": {
        "petition": {
            "version": "2026-nurses",
            "text": {"en": "I agree that my name, country and occupation are handed over with this petition."},
            "hands_over": ["name", "country", "job"],
        },
    },
}
# section: end
