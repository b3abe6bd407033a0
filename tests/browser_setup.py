"""Find a browser for the tests: one already there, else Playwright's, else Debian's package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.services import chromium_path


def main() -> None:
    """Install a browser unless there is one; say so and go on where none can be had."""
    if chromium_path():
        return
    print("No Chromium found; trying Playwright's ...", flush=True)
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(playwright, check=False, timeout=600, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if chromium_path():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("... and Debian's package 'chromium' ...", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = [
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "chromium",
            "fonts-noto-core",
            "fonts-noto-cjk",
        ]
        subprocess.run(install, check=False, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not chromium_path():
        print("No browser could be had: tests marked 'browser' will be left out. Install Chromium to run them.")


if __name__ == "__main__":
    main()
