"""The desk's page from which a freed person's story is mailed: what it says, to how many, and a second press."""

from __future__ import annotations

from flask import Response, current_app, request

from ...services.petitions import good_news
from ...services.storage.unit_of_work import read, run
from ...state import Actor, Permission
from ...web import here
from ...web.desk import allowed, back_to, desk_page, staff_here, token_problem
from ...web.templating import app_of_request


def show(slug: str) -> Response:
    """How it stands."""
    return _page(slug, allowed(Permission.EDIT_CASES))


def _page(slug: str, actor: Actor, code: int = 200, *, sure: bool = False, notice: str | None = None) -> Response:
    lens = here().lens
    news = read(current_app, lambda session: good_news.standing(session, staff_here(actor), lens, slug))
    return desk_page(
        "good_news.html",
        "moderation_good_news",
        actor,
        code,
        values={"slug": slug},
        news=news,
        sure=sure,
        notice=notice,
    )


def send(slug: str) -> Response:
    """Have it mailed, in two steps."""
    actor = allowed(Permission.EDIT_CASES)
    if problem := token_problem():
        return _page(slug, actor, 422, notice=problem)
    if request.form.get("sure") != "y":
        return _page(slug, actor, sure=True)
    run(app_of_request(), lambda work: good_news.ask(work, staff_here(actor), slug))
    return back_to("moderation_good_news", slug=slug)


_BOTH = ("petitions", "moderation")
ROUTES = (
    ("/moderation/cases/<slug>/good-news", "moderation_good_news", show, ("GET",), _BOTH),
    ("/moderation/cases/<slug>/good-news", "moderation_good_news_send", send, ("POST",), _BOTH),
)
