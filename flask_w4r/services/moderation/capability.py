"""By what the desk hangs itself into the rest. What waits in its queue, each capability brings."""

from __future__ import annotations

from ...i18n import lazy_gettext
from ...models import Batch
from ...seam import Capability, Indexed, Job, MailKind, Personal, Retention
from ..storage import ages
from . import alerts, batch_words, pulse, rule_list

CAPABILITY = Capability(
    "moderation",
    purpose="To hold what is made up before it counts, and to be able to undo a decision",
    models=("Alert", "Batch", "BatchRow", "DeskState", "LiveLimit", "Lockdown", "Pulse", "Rule"),
    mails=(MailKind(alerts.KIND, look_up=alerts.look_up),),
    jobs=(Job("pulse", pulse.run_pulse, every=pulse.PULSE_EVERY, turn=40),),
    retention=(
        Retention(
            "rules",
            lazy_gettext("rules of the desk: until they expire, or the key of their day is deleted"),
            lambda session, sweep: rule_list.purge_rules(session, sweep.keyring, sweep.sections, now=sweep.now),
            ages.counting(rule_list.over),
        ),
        Retention(
            "pulse",
            lazy_gettext("hourly counts: 400 days; those of networks 14"),
            lambda session, sweep: pulse.purge_pulse(session, now=sweep.now),
            pulse.due,
        ),
        ages.rule(
            "decisions",
            lazy_gettext(
                "the reasons and conditions of decisions and invalidations, in staff's words: ``audit_days``; what was decided"
                " stays"
            ),
            Batch,
            batch_words.over,
            batch_words.let_go,
        ),
    ),
    personal=(
        Personal("w4r_rule", ("value", "value_index", "note"), "rules"),
        Personal("w4r_batch", ("reason", "conditions"), "decisions", "staff's own words, encrypted"),
    ),
    indexed=(Indexed("w4r_rule", ("value_index",), rule_list.reindex_step),),
    remade=("w4r_desk_state", "w4r_pulse"),
    pages="flask_w4r.blueprints.moderation",
)
