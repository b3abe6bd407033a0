from datetime import date

W4R_SECTION = {
    "preset": "AU",
    "url_prefix": "/act",
    "window": {
        "hosting_opens_on": date(2027, 10, 1),
        "starts_on": date(2027, 11, 10),
        "ends_on": date(2028, 1, 31),
    },
}
