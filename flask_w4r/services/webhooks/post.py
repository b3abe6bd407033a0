"""Sending one message: signed, and by one request of :mod:`.call`.

What a program answers is never read beyond its status, so that nothing of it can be logged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...config_webhooks import Webhook
from .call import TIMEOUT_SECONDS, NotTaken, ask


def post(hook: Webhook, message_id: str, message: Mapping[str, Any], *, timeout: float = TIMEOUT_SECONDS) -> None:
    """Hand a message over.

    :param message_id: the same for every try.
    :param message: JSON values.
    :param timeout: in seconds.
    :raises NotTaken: it did not answer with a status from 200 to 299.
    """
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    headers = _headers(hook, message_id, body)
    answer = ask(hook.url, "POST", headers, body.encode(), allow_private=hook.allow_private, timeout=timeout)
    if not 200 <= answer.status < 300:
        raise NotTaken(f"status {answer.status}", answered=True)


def _headers(hook: Webhook, message_id: str, body: str) -> dict[str, str]:
    from standardwebhooks import Webhook as Signer

    at = datetime.now(UTC)  # Of this try: whoever checks it refuses an old one.
    signatures = [Signer(secret).sign(message_id, at, body) for secret in hook.secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "flask_w4r",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
