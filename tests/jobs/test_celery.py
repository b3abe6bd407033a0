from __future__ import annotations

import os
import sys
import time
from typing import Any

import celery
import pytest
from flask import Flask

from flask_w4r import celery_tasks
from flask_w4r.capabilities import CAPABILITIES
from flask_w4r.errors import W4RError
from flask_w4r.seam import Seam, Tools
from tests import services
from tests.mail.world import World, words


def host(world: World) -> Flask:
    app = Flask("host")
    app.extensions["w4r"] = world.state
    return app


def test_the_tasks_do_what_the_worker_does(small_world: World) -> None:
    small_world.add_plain(["ann@mail.example.org"])
    site = celery.Celery("site", broker="memory://", set_as_current=False)
    site.conf.task_always_eager = True
    tasks = celery_tasks.register(site, host(small_world), tools=Tools(words, small_world.postbox))
    assert site.tasks["w4r.mail"].delay().get()["sent"] == 1
    assert tasks["purge"].delay().get()["mails"] == 0
    assert len(small_world.postbox.messages) == 1


def test_beat_runs_them_beside_the_hosts_own(small_world: World) -> None:
    site = celery.Celery("site", broker="memory://", set_as_current=False)
    site.conf.beat_schedule = {"own": {"task": "own", "schedule": 1.0}}
    celery_tasks.register(site, host(small_world))
    assert set(site.conf.beat_schedule) == {"own"} | {f"w4r.{name}" for name in Seam(CAPABILITIES).jobs}
    assert site.conf.beat_schedule["w4r.mail"]["task"] in site.tasks

    quiet = celery.Celery("quiet", broker="memory://", set_as_current=False)
    celery_tasks.register(quiet, host(small_world), schedule=False)
    assert not quiet.conf.beat_schedule


def test_without_celery_it_says_what_to_install(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "celery", None)
    with pytest.raises(W4RError, match=r"pip install flask_w4r\[celery\]"):
        celery_tasks.register(object(), host(small_world))


def test_the_apps_in_the_wrong_order_are_refused(small_world: World) -> None:
    with pytest.raises(W4RError, match="Celery app first"):
        celery_tasks.register(host(small_world), object())


@pytest.mark.filterwarnings("default")  # Celery's own worker warns.
def test_a_real_worker_sends_mail(small_world: World) -> None:
    import redis
    from celery.contrib.testing.worker import start_worker

    services.need("redis")
    client: Any = redis.Redis.from_url(services.REDIS, socket_connect_timeout=1)
    queue = f"w4r-test-{os.getpid()}"
    site = celery.Celery("site", broker=services.REDIS, set_as_current=False)
    site.conf.update(task_default_queue=queue, broker_connection_retry_on_startup=True, worker_hijack_root_logger=False)
    small_world.add_plain(["ann@mail.example.org", "bob@mail.example.org"])
    celery_tasks.register(site, host(small_world), tools=Tools(words, small_world.postbox))
    try:
        with start_worker(site, perform_ping_check=False, pool="solo", queues=[queue]):
            site.send_task("w4r.mail")
            deadline = time.monotonic() + 20
            while len(small_world.postbox.messages) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)
    finally:
        for key in client.scan_iter(f"*{queue}*"):
            client.delete(key)
        client.close()
        site.close()
    assert sorted(row.state for row in small_world.rows()) == ["sent", "sent"]
