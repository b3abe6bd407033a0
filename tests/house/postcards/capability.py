"""By what postcards hang themselves into the library."""

from __future__ import annotations

from flask_w4r.seam import (
    Action,
    Capability,
    Export,
    IntakeKind,
    Job,
    MailKind,
    Personal,
    QueueKind,
    Retention,
    one_by_one,
)

from . import service

CAPABILITY = Capability(
    "postcards",
    models=("Postcard",),
    intake=(IntakeKind(service.KIND, service.author, service.take),),
    mails=(MailKind("postcard_thanks", one_by_one(service.still_there), service.said),),
    queue=(
        QueueKind(
            service.KIND, "Postcards", service._count, service._page, service.decide, service.undo,
            row_words={"stamp": "airmail"}, why="Every postcard is read first",
        ),
    ),
    jobs=(Job("postcards", service.collect),),
    actions=(Action(service.ACTION, "Postcards"),),
    retention=(Retention("postcards", "postcards: 30 days", service.forget, service.to_forget),),
    personal=(Personal("toy_postcard", ("secret",), "postcards"),),
    exports=(
        Export("postcards", "Postcards", lambda section: ("id", "to"), lambda *args, **asked: ([(1, "=1+1")], None)),
    ),
    recounts=(service.count_sent,),
    touched=(service.touched,),
    checks=(service.look,),
    pages="tests.house.postcards.pages",
)  # fmt: skip
