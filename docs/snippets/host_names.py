W4R_SECTIONS = [
    {"preset": "CA_EN", "url_prefix": "/", "host": "write.example.org"},
    {"preset": "CA_FR", "url_prefix": "/", "host": "ecrire.example.org"},
]
