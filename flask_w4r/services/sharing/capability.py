"""By what sharing hangs itself into the rest."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...seam import Capability, Retention, Way
from ...topics import WAYS
from . import counting, doctor, table, urls

CAPABILITY = Capability(
    "sharing",
    models=("ShareCount",),
    ways=(
        Way(
            "share",
            WAYS["share"],
            "share",
            70,
            lazy_gettext("One signature becomes two, and a case becomes known."),
            1,
            feature="sharing",
        ),
    ),
    retention=(
        Retention(
            "share_counts",
            lazy_gettext("what came of links to share, as numbers by case, source and day: 730 days"),
            counting.purge,
            counting.due,
        ),
    ),
    exports=(table.EXPORT,),
    heard=(counting.heard,),
    urls=(urls.urls,),
    checks=(doctor.check,),
    pages="flask_w4r.blueprints.sharing",
)
