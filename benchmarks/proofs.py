"""Solved ALTCHA challenges, made before the clock starts.

Challenges come from the product's own provider with its own cost, so the server's check is the one of production. Only
the counters are lower: they say how many tries the solver needs, and the server's check does not depend on them.
"""

from __future__ import annotations

import multiprocessing
import os
from functools import partial
from urllib.parse import quote

from flask_w4r.antiabuse.altcha_provider import AltchaProvider
from flask_w4r.keyring import Keyring, generate_key

COUNTERS = (1, 3)


def solve(amount: int, index_key: str, form_id: str) -> list[str]:
    """Return so many payloads for a form, each of a challenge of its own, ready to stand in a form body."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count() or 2) as pool:
        return pool.map(partial(_solve_one, index_key, form_id), range(amount), chunksize=50)


def _solve_one(index_key: str, form_id: str, number: int) -> str:
    import altcha

    provider = AltchaProvider(Keyring((generate_key(),), index_key).sub_key("altcha"), counters=COUNTERS)
    made = provider.challenge(form_id)
    assert made is not None
    challenge = altcha.Challenge.from_dict(made["challenge"])
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return quote(altcha.Payload(challenge, solution).to_base64(), safe="")
