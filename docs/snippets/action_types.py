W4R_SECTION = {
    "preset": "AU",
    "url_prefix": "/act",
    "action_types": {"vigil": {"en": "Vigils"}},
    "goals": {"letter": 1000, "vigil": 20},
}
