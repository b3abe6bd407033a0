import os

W4R_WEBHOOKS = {
    "crm": {
        "url": "https://crm.example.org/hooks/w4r",
        "events": ["subscriber.created", "subscriber.withdrawn", "person.erased"],
        "secret": os.environ["CRM_WEBHOOK_SECRET"],
    },
    "screen": {
        "url": "http://10.0.0.7:8080/",
        "events": ["signature_confirmed", "event_published"],
        "secret": os.environ["SCREEN_WEBHOOK_SECRET"].split(","),
        "sections": ["AU"],
        "allow_private": True,
    },
}
