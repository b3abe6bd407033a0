"""``flask w4r ...``: one module a command group."""

from __future__ import annotations

from flask.cli import AppGroup

from . import (
    audit,
    demo,
    doctor,
    jobs,
    keys,
    mail,
    places,
    tally,
)
from . import (
    campaign as case,
)
from . import (
    kits as kit,
)
from . import (
    rsvps as events,
)
from . import (
    storage as db,
)

w4r_group = AppGroup("w4r", help="Write for Rights.")
for group in (
    db.db, kit.kit, jobs.group, mail.group, case.case, tally.tally, keys.keys, audit.audit, places.places, events.events,
):  # fmt: skip
    w4r_group.add_command(group)
for command in (keys.keygen, doctor.doctor, demo.demo):
    w4r_group.add_command(command)
