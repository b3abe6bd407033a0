W4R_SECTION = {
    "preset": "AU",
    "emails": {
        "sender": "Write for Rights <letters@example.org>",
        "per_hour": 20,
        "opens": "08:30",
        "closes": "16:00",
        "copy_to_supporter": True,
    },
}
