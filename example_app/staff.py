"""The staff's own pages: signing in and out, and where to go from there."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, render_template, request, url_for
from flask_limiter import Limiter
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import PasswordField, StringField

from .users import User, check_user, db, users


class Logins(LoginManager):  # type: ignore[misc]
    """Flask-Login without its "remember me" cookie, whose check reads the session on every answer of the site."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Name and password."""

    name = StringField()
    password = PasswordField()


logins = Logins()
logins.login_view = "staff.sign_in"
logins.login_message = None
staff = Blueprint("staff", __name__, url_prefix="/staff")


@logins.user_loader  # type: ignore[untyped-decorator]
def load_user(user_id: str) -> User | None:
    """Find the account that a session names."""
    return db.session.get(User, int(user_id))


@staff.get("/")
@login_required  # type: ignore[untyped-decorator]
def home() -> str:
    """Where one can go from here."""
    return render_template("site/staff.html")


@staff.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | BaseResponse | tuple[str, int]:
    """Sign in, then go on to the page that asked for it, if it is one of this site."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("site/sign_in.html", form=form, failed=False)
    user = check_user(form.name.data or "", form.password.data or "")
    if user is None:
        return render_template("site/sign_in.html", form=form, failed=True), 422
    login_user(user)
    return redirect(_own_path(request.args.get("next", "")) or url_for("staff.home"), 303)


@staff.post("/sign-out")
def sign_out() -> BaseResponse:
    """Sign out."""
    logout_user()
    return redirect(url_for("site.front"), 303)


def _own_path(target: str) -> str | None:
    parts = urlsplit(target)
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if ours and not parts.scheme and not parts.netloc else None


def init_app(app: Flask, limiter: Limiter) -> None:
    """Set logins up. The staff's layout asks for ``current_user``; public pages never do, so it is no context
    processor, which would read the session for every page."""
    logins.init_app(app, add_context_processor=False)
    app.jinja_env.globals["current_user"] = current_user
    app.register_blueprint(staff)
    app.view_functions["staff.sign_in"] = limiter.limit("10/minute", methods=["POST"])(sign_in)
    app.cli.add_command(users)
