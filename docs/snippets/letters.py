from datetime import date

W4R_SECTION = {
    "preset": "AU",
    # By the country that a case is in: where a copy goes in yours.
    "embassy_addresses": {
        "NZ": {
            "lines": ["High Commission of Example", "1 Example Avenue", "Canberra ACT 2600"],
            "verified_on": date(2026, 11, 2),
        },
    },
    "contact": "writing@example.org",
    "postal_address": ["Example Section", "PO Box 1", "Canberra ACT 2601"],
    "postage_hint": {"en": "A letter abroad costs $3.20. Any post office takes it."},
}
