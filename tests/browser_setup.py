"""Find a browser for the tests: one already there, else Playwright's, else Debian's package.

Where Debian has it, the Chromium without windows comes beside: the pages are tested with half the work.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.services import chromium_path, headless_path

#: A machine without a network is not waited for.
APT = ("apt-get", "-qq", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20")


def install(*packages: str) -> bool:
    """Have Debian's packages, where it is Debian and we may; returns whether they came."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    words = [*APT, "install", "-y", "--no-install-recommends", *packages]

    def run(command: list[str]) -> bool:
        done = subprocess.run(command, check=False, env=environment, timeout=600, capture_output=True)
        return done.returncode == 0

    # What a machine knows of its packages is enough where it knows anything.
    return run(words) or (run([*APT, "update"]) and run(words))


def main() -> None:
    """Install a browser unless there is one; say so and go on where none can be had."""
    if not chromium_path():
        print("No Chromium found; trying Playwright's ...", flush=True)
        playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(playwright, check=False, timeout=600, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not chromium_path():
        print("... and Debian's package 'chromium' ...", flush=True)
        install("chromium", "fonts-noto-core", "fonts-noto-cjk")
    if not chromium_path():
        print("No browser could be had: tests marked 'browser' will be left out. Install Chromium to run them.")
    elif headless_path() == chromium_path() and not os.environ.get("W4R_TEST_CHROMIUM"):
        print(
            "Tests of pages take half the time with Debian's package 'chromium-headless-shell'; trying it ...",
            flush=True,
        )
        if not install("chromium-headless-shell"):
            print("... which is not to be had; they run in the Chromium that is here.")


if __name__ == "__main__":
    main()
