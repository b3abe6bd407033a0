W4R_SECTION = {
    "preset": "MA",
    "url_prefix": "/act",
    "vocabularies": {
        "topics": {"land-rights": {"ar": "الحق في الأرض", "fr": "Droit à la terre"}},
        "solidarity_rules": {"no-maps": {"ar": "لا خرائط", "fr": "Pas de cartes"}},
    },
}
