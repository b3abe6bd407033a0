"""The floor: bare Flask with one validated insert and one page of 10 kB."""

from __future__ import annotations

import os
import re

import psycopg
from flask import Flask, jsonify, redirect, render_template, request

TABLE = "CREATE TABLE floor_signature (id bigserial PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, at timestamptz DEFAULT now())"
INSERT = "INSERT INTO floor_signature (name, email) VALUES (%s, %s)"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
_ITEMS = [
    {"key": f"key-{number}", "name": f"Somebody & Company {number}", "text": "A sentence about what happened. " * 6}
    for number in range(28)
]


def create_app() -> Flask:
    """Make the app; each worker opens one connection of its own and keeps it."""
    app = Flask(__name__)
    connections: list[psycopg.Connection] = []

    def connection(autocommit: bool) -> psycopg.Connection:
        if not connections:
            connections.append(psycopg.connect(os.environ["W4R_BENCH_DATABASE"]))
            connections.append(psycopg.connect(os.environ["W4R_BENCH_DATABASE"], autocommit=True))
        return connections[autocommit]

    def validated() -> tuple[str, str]:
        name, email = request.form.get("first_name", "").strip(), request.form.get("email", "").strip()
        if not name or len(name) > 100 or len(email) > 254 or not _EMAIL.fullmatch(email):
            raise ValueError("a benchmark sends valid forms")
        return name, email

    @app.post("/insert")
    def insert():  # type: ignore[no-untyped-def]
        connection(False).execute(INSERT, validated())
        connection(False).commit()
        return redirect("/thanks", 303)

    @app.post("/insert-autocommit")
    def insert_autocommit():  # type: ignore[no-untyped-def]
        connection(True).execute(INSERT, validated())
        return redirect("/thanks", 303)

    @app.get("/page")
    def page() -> str:
        return render_template("page.html", title="Ten kilobytes", items=_ITEMS)

    @app.get("/token")
    def token():  # type: ignore[no-untyped-def]
        return jsonify(token="x" * 40)

    return app
