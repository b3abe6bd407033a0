"""The site's own pages, and the few words of its layout in the languages of its guests."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, render_template

site = Blueprint("site", __name__)

WORDS = {
    "en": {
        "skip": "Skip to main content", "site": "Example Section", "tagline": "People who write, so that people go free",
        "menu": "Site", "home": "Home", "mailbox": "Mailbox", "staff": "Staff",
        "foot": "A fictional organisation. The people and cases on these pages are real; nothing here is delivered.",
    },
    "fr": {
        "skip": "Aller au contenu principal", "site": "Section Exemple", "tagline": "Écrire pour que des gens soient libres",
        "menu": "Site", "home": "Accueil", "mailbox": "Boîte aux lettres", "staff": "Équipe",
        "foot": "Une organisation fictive. Les personnes et les cas sont réels ; rien n’est transmis d’ici.",
    },
    "ar": {
        "skip": "الانتقال إلى المحتوى الرئيسي", "site": "فرع تجريبي", "tagline": "نكتب كي يعود الناس أحرارًا",
        "menu": "الموقع", "home": "الرئيسية", "mailbox": "صندوق البريد", "staff": "الفريق",
        "foot": "منظمة متخيَّلة. الأشخاص والحالات في هذه الصفحات حقيقيون، ولا يُرسَل شيء من هنا.",
    },
}  # fmt: skip


def words(locale: str | None) -> dict[str, str]:
    """The layout's words in a language, else in English."""
    return WORDS.get((locale or "en").split("-")[0], WORDS["en"])


@site.get("/")
def front() -> str:
    """The front page: which campaigns there are."""
    return render_template("site/front.html")


def not_found(error: Exception) -> tuple[str, int]:
    """Answer for a page that is not there."""
    return render_template("site/not_found.html"), 404


def init_app(app: Flask) -> None:
    """Set the pages up."""
    globals_: dict[str, Any] = app.jinja_env.globals
    globals_["site_words"] = words
    app.register_blueprint(site)
    app.register_error_handler(404, not_found)
