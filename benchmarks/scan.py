"""``python -m benchmarks.scan``: wapiti and sqlmap against the example site on loopback, signed in and not.

Both come from PyPI (the extra ``audit``) and live in a virtual environment of their own. The site is made anew on
SQLite in a folder that is deleted afterwards; nothing outside this machine is asked, but for a name that wapiti looks
up. The limits count in Redis, as outside debugging they must. Exits with 1 on a finding that wapiti calls high or critical, on an answer 500, on anything
that sqlmap can inject, and where wapiti was let into the desk without being signed in, or was not although it was.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from . import stand

ROOT = Path(__file__).parent.parent
#: Without ``ldap``: nothing here speaks it, and the module takes any page that is new each second, as one with a token
#: is, for a finding.
MODULES = "sql,timesql,xss,permanentxss,exec,file,crlf,redirect,csp,cookieflags,http_headers,csrf,methods,upload,xxe"
#: wapiti's levels: 3 is high, 4 critical.
HIGH = 3
#: What sqlmap tries: path, and what is posted (``None``: a GET). ``*`` marks a place in a path.
OPEN = (
    ("/au/cases/joel-paredes*/sign", None),
    ("/au/editions/2023*/", None),
    ("/au/confirm/abc*", None),
    ("/au/sign", "first_name=Sam&last_name=Sample&email=sam@example.org&consent=y&cases=joel-paredes"),
)
STAFF = (
    ("/au/moderation/queue?case=joel-paredes&held_for=honeypot&state=pending", None),
    ("/au/moderation/queue?mail_domain=gmail.com&score=1&captcha=pass", None),
    ("/au/moderation/queue?order=newest&after=x", None),
    ("/au/moderation/queue?net=2026-01-01/host/00&since=2026-01-01&until=2027-01-01", None),
    ("/au/moderation/audit?action=x&actor=y&before=5", None),
    ("/au/moderation/audit.csv?action=x&actor=y", None),
    ("/au/moderation/?case=joel-paredes&window=24h", None),
    ("/au/moderation/batches?before=3", None),
    ("/au/moderation/cases/joel-paredes*", None),
    ("/au/moderation/decisions", "items=signature:1&decision=approve&reason=x"),
    ("/au/moderation/rules", "effect=block&kind=domain&value=x.example&note=n"),
    ("/au/moderation/find", "address=sam@example.org&why=complaint"),
    ("/au/moderation/batches/new", "act=preview&case=joel-paredes&mail_domain=x&name=x*&score=1"),
)  # fmt: skip


@dataclass
class Site:
    """The running site."""

    url: str
    password: str
    #: What gunicorn wrote of each request: status, method, path.
    log: Path

    def answered(self, start: int = 0) -> tuple[int, Counter[tuple[str, str, str]]]:
        """How often each ``(status, method, path)`` was answered, from a place in the log on; and where it ends now."""
        with self.log.open("rb") as file:
            file.seek(start)
            lines = file.read()
        split = (line.decode(errors="replace").split(" ", 2) for line in lines.splitlines())
        found = Counter((status, method, path.partition("?")[0]) for status, method, path in split)
        return start + len(lines), found


@dataclass
class Findings:
    """What was found, in words; ``bad`` fails the run."""

    told: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Make the example site in a folder and serve it until the block ends."""
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = {**os.environ, "EXAMPLE_INSTANCE": str(folder), "BASE_URL": url, "PYTHONPATH": str(ROOT),
           "RATELIMIT_STORAGE_URI": stand.REDIS}  # fmt: skip
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.scan_site"], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = re.search(r"administrator\s+password (\S+)", made.stdout)
    if made.returncode or found is None:
        raise SystemExit(made.stdout + made.stderr)
    log = (folder / "server.log").open("w")
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind",
               f"127.0.0.1:{port}", "--log-level", "warning", "--access-logfile", str(folder / "access.log"),
               "--access-logformat", "%(s)s %(m)s %(U)s", "benchmarks.scan_site:make()"]  # fmt: skip
    server = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Site(url, found[1], folder / "access.log")
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def sign_in(at: Site) -> tuple[CookieJar, str]:
    """Sign in as the administrator; returns the cookies, with every token's seed in the session, and a desk token, to post."""
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))

    def token(path: str) -> str:
        page = browser.open(at.url + path, timeout=30).read().decode()
        return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]

    values = {"name": "administrator", "password": at.password, "csrf_token": token("/staff/sign-in")}
    browser.open(f"{at.url}/staff/sign-in", urlencode(values).encode(), timeout=30)
    # A page that only staff get: without it the scan would be of closed doors.
    return jar, urlencode({"csrf_token": token("/au/moderation/rules")})


def visit(at: Site) -> tuple[CookieJar, str]:
    """Come as a supporter: a session, and the tokens that a browser fetches for the sign form."""
    jar = CookieJar()
    with build_opener(HTTPCookieProcessor(jar)).open(f"{at.url}/au/sign/token", timeout=30) as answer:
        found = json.load(answer)
    return jar, urlencode({name: found[name] for name in ("csrf_token", "form_token")})


def wapiti(tools: Path, at: Site, folder: Path, cookies: CookieJar | None, seconds: int) -> Findings:
    """Crawl and attack; read the report, and in the site's log how far it came."""
    who = "signed in" if cookies is not None else "not signed in"
    report = folder / f"wapiti-{'staff' if cookies is not None else 'open'}.json"
    # Signed in, the desk only: what is open to everybody is the other run's.
    base = f"{at.url}/au/moderation/" if cookies is not None else f"{at.url}/"
    modules = MODULES.split(",")
    # It asks an address about what a payload made the site fetch: ours, so that nothing leaves this machine.
    command = [str(tools / "wapiti"), "-u", base, "--endpoint", f"{at.url}/nowhere/", "-m", MODULES, "-f", "json", "-o", str(report), "-dr", "1",
               "--flush-session", "--no-bugreport", "--store-session", str(folder / "sessions"),
               "--store-config", str(folder / "config"), "--max-scan-time", str(seconds // 4),
               "--max-attack-time", str(max(20, seconds * 3 // 4 // len(modules))), "-d", "5",
               "--max-links-per-page", "60", "--max-files-per-dir", "150", "--tasks", "8", "-v", "1",
               "--skip", "csrf_token", "--skip", "form_token",
               "-x", f"{at.url}/staff/sign-out", "-x", f"{at.url}/mailbox/*"]  # fmt: skip
    if cookies is not None:
        # The tokens' seeds are in the session, so that a form's token that was crawled is good for each attack on it.
        command += ["-c", str(_cookie_file(folder / "cookies.json", at, cookies))]
        # One case and one network stand for all: the time is for different forms.
        for path in ("preview/*/cases/*", "batches/new?*", "queue?net=*site*", "queue?net=*block*"):
            command += ["-x", base + path]
        for slug in _slugs(at, cookies)[1:]:
            command += ["-x", f"{base}cases/{slug}", "-x", f"{base}cases/{slug}/*", "-x", f"{base}*case={slug}*"]
    start, _ = at.answered()
    done = _run(command, folder / f"{report.stem}.log", seconds * 2 + 120)
    _, answered = at.answered(start)
    found = Findings()
    if done is None or not report.exists():
        found.bad.append(f"wapiti, {who}: ended without a report")
        return found
    data = json.loads(report.read_text())
    desk = {key: number for key, number in answered.items() if re.match(r"/(au|ma)(/[a-z]{2})?/moderation/", key[2])}
    let_in = {key[1:] for key in desk if key[0] in ("200", "303")}
    found.told.append(
        f"wapiti {data['infos'].get('version')}, {who}: {data['infos'].get('crawled_pages_nbr')} pages and forms, "
        f"{answered.total():,} requests; {sum(desk.values()):,} to the desk, let in at: "
        + (", ".join(sorted(f"{method} {path}" for method, path in let_in if method in ("GET", "POST"))) or "nothing")
    )
    # OPTIONS says which methods there are, and no more.
    if cookies is None and any(method != "OPTIONS" for method, _ in let_in):
        found.bad.append(f"wapiti, {who}: let into the desk: {sorted(let_in)[:5]}")
    if cookies is not None and (("GET", "/au/moderation/queue") not in let_in or "POST" not in dict(let_in)):
        found.bad.append(f"wapiti, {who}: was not let into the desk, so this run proves nothing of it")
    if broken := {key: number for key, number in answered.items() if key[0] == "500"}:
        found.bad.append(f"wapiti, {who}: answers 500: {broken}")
    ended = (folder / f"{report.stem}.log").read_text(errors="replace")
    if cut := re.findall(r"Max attack time was reached for module (\w+)", ended):
        found.told.append(f"wapiti, {who}: time was up for the modules {', '.join(cut)}")
    for group in ("vulnerabilities", "anomalies"):
        for name, items in data[group].items():
            if items:
                level = max(item.get("level", 1) for item in items)
                line = f"{name}: {len(items)}, level {level}, such as {items[0]['method']} {items[0]['path']} ({items[0]['info']})"
                (found.bad if level >= HIGH or name == "Internal Server Error" else found.told).append(
                    f"wapiti, {who}: {line}"
                )
    return found


def sqlmap(
    tools: Path,
    at: Site,
    folder: Path,
    targets: Sequence[tuple[str, str | None]],
    who: str,
    cookies: CookieJar,
    token: str,
    level: int,
    seconds: int,
) -> Findings:
    """Try each target, with the tokens that let a POST through; say of each whether it held."""
    found = Findings()
    for number, (path, data) in enumerate(targets):
        log = folder / f"sqlmap-{who}-{number}.log"
        command = [str(tools / "sqlmap"), "-u", at.url + path, "--batch", "--flush-session", "--level", str(level),
                   "--risk", "2", "--dbms", "SQLite", "--technique", "BEUSTQ", "--threads", "4", "--time-sec", "2",
                   "--ignore-code", "*", "--ignore-redirects", "--output-dir", str(folder / "sqlmap"), "--disable-coloring", "--timeout", "20"]  # fmt: skip
        command += ["--cookie", _cookies(cookies), "--drop-set-cookie", "--skip", "cookie,session"]
        if data is not None:
            command += ["--data", f"{data}&{token}"]
            command += ["--param-exclude", "csrf_token|form_token"]
        done = _run(command, log, seconds)
        words = log.read_text(errors="replace")
        where = f"sqlmap, {'POST' if data else 'GET'} {path.partition('?')[0]}"
        if "identified the following injection point" in words:
            found.bad.append(f"{where}: INJECTABLE, see {log}")
        elif "do not appear to be injectable" in words:
            found.told.append(f"{where}: every parameter tested, none injectable")
        else:
            last = next((line for line in reversed(words.splitlines()) if "[" in line), "no output")
            found.told.append(f"{where}: {'time was up' if done is None else 'not finished'} ({last[:120]})")
    return found


def _cookie_file(path: Path, at: Site, jar: CookieJar) -> Path:
    """Write cookies as wapiti reads them: by host without its port, and path."""
    host = at.url.partition("://")[2].partition(":")[0]
    about = {"version": 0, "expires": None, "secure": False, "port": None}
    path.write_text(json.dumps({host: {"/": {one.name: {"value": one.value, **about} for one in jar}}}))
    return path


def _slugs(at: Site, jar: CookieJar) -> list[str]:
    with build_opener(HTTPCookieProcessor(jar)).open(f"{at.url}/au/moderation/cases", timeout=30) as answer:
        return sorted(set(re.findall(r"/au/moderation/cases/([a-z0-9-]+)", answer.read().decode())))


def _cookies(jar: CookieJar) -> str:
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def _run(command: list[str], log: Path, seconds: int) -> int | None:
    with log.open("w") as file:
        try:
            return subprocess.run(
                command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=seconds, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            return None


def main() -> int:
    """Scan, print what was run and found; exit 1 on a high finding."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scan", description=__doc__)
    parser.add_argument("--tools", type=Path, required=True, help="the bin folder with wapiti and sqlmap")
    parser.add_argument("--seconds", type=int, default=900, help="for each of wapiti's two scans")
    parser.add_argument("--target-seconds", type=int, default=300, help="for each of sqlmap's targets")
    parser.add_argument("--level", type=int, default=2, help="sqlmap's level")
    parser.add_argument("--keep", type=Path, help="keep reports and logs in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        # Tests that damage go last: an administrator may close the campaign and withdraw its cases.
        with site(Path(temporary) / "site-sqlmap") as at:
            limits = (options.level, options.target_seconds)
            found = [
                sqlmap(options.tools, at, folder, OPEN, "open", *visit(at), *limits),
                sqlmap(options.tools, at, folder, STAFF, "staff", *sign_in(at), *limits),
            ]
        with site(Path(temporary) / "site-wapiti") as at:
            found.append(wapiti(options.tools, at, folder, None, options.seconds))
            found.append(wapiti(options.tools, at, folder, sign_in(at)[0], options.seconds))
    for one in found:
        print("\n".join(one.told))
    bad = [line for one in found for line in one.bad]
    print("\n".join(["", "HIGH:", *bad]) if bad else "\nno high finding")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
