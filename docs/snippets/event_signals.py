# signals: start
from flask_w4r.signals import event_published

to_announce = []


@event_published.connect
def announce(app, section, event_id, **more):
    to_announce.append((section, event_id))


# signals: end
