W4R_SECTIONS = [
    {"preset": "AU", "url_prefix": "/au"},
    {"preset": "MA", "url_prefix": "/ma", "contact": "w4r@example.org"},
]
