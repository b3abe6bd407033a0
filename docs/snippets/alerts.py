# alerts: start
from flask_w4r.signals import alert_raised

pager = []


@alert_raised.connect
def ring(app, section, metric, count, usual, **more):
    pager.append(f"{section}: {count} {metric} in an hour, at most {usual} were likely")


# alerts: end
