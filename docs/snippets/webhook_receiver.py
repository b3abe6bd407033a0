import os

from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
PEOPLE = {}


@app.post("/hooks/w4r")
def told():
    # receive: start
    signed = Webhook(os.environ["CRM_WEBHOOK_SECRET"])
    try:
        message = signed.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        return "", 401
    data = message["data"]
    known = PEOPLE.get(data["person"], {"sequence": 0})
    # A message may come twice, and an older one after a newer.
    if message["sequence"] > known["sequence"]:
        if message["type"] == "subscriber.created":
            PEOPLE[data["person"]] = {**data, "sequence": message["sequence"]}
        else:
            # What is kept of somebody who left is where they stand, lest an older message bring them back.
            PEOPLE[data["person"]] = {"sequence": message["sequence"]}
    return "", 204
    # receive: end
