"""All capabilities, from the ground up: the one list of them.

A new one is a package a floor, with a :class:`~flask_w4r.seam.Capability` in ``services/<name>/capability.py``, and a line
here. A host that brings one of its own passes ``W4R(capabilities=(*CAPABILITIES, mine))``.
"""

from __future__ import annotations

from .seam import Capability
from .services.audit.capability import CAPABILITY as audit
from .services.campaign.capability import CAPABILITY as campaign
from .services.delivery.capability import CAPABILITY as delivery
from .services.emails.capability import CAPABILITY as emails
from .services.events.capability import CAPABILITY as events
from .services.exports.capability import CAPABILITY as exports
from .services.hosting.capability import CAPABILITY as hosting
from .services.intake.capability import CAPABILITY as intake
from .services.jobs.capability import CAPABILITY as jobs
from .services.kits.capability import CAPABILITY as kits
from .services.letters.capability import CAPABILITY as letters
from .services.mail.capability import CAPABILITY as mail
from .services.messages.capability import CAPABILITY as messages
from .services.moderation.capability import CAPABILITY as moderation
from .services.moves.capability import CAPABILITY as moves
from .services.numbers.capability import CAPABILITY as numbers
from .services.people.capability import CAPABILITY as people
from .services.petitions.capability import CAPABILITY as petitions
from .services.places.capability import CAPABILITY as places
from .services.printing.capability import CAPABILITY as printing
from .services.privacy.capability import CAPABILITY as privacy
from .services.reports.capability import CAPABILITY as reports
from .services.rollup.capability import CAPABILITY as rollup
from .services.rsvps.capability import CAPABILITY as rsvps
from .services.schools.capability import CAPABILITY as schools
from .services.sharing.capability import CAPABILITY as sharing
from .services.storage.capability import CAPABILITY as storage
from .services.tally.capability import CAPABILITY as tally
from .services.webhooks.capability import CAPABILITY as webhooks

CAPABILITIES: tuple[Capability, ...] = (
    storage, printing, people, mail, webhooks, audit, exports, kits, tally, campaign, intake, moderation, petitions,
    places, delivery, sharing, emails, messages, events, rsvps, reports, hosting, letters, schools, rollup, numbers,
    privacy, moves, jobs,
)  # fmt: skip
