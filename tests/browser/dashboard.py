"""The dashboard on a free port with a database of its own, and the Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, expect, sync_playwright

from rlcsp_core.errors import StoreError
from rlcsp_core.store import open_store
from tests.patience import SOON, STARTING

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
MILLISECONDS = 1000 * SOON  # what the browser waits for anything
WINDOW = {"width": 1280, "height": 900}
# Streamlit asks for its server below the address of the page before it tries the root; that answer is no error of ours
PROBES = ("/_stcore/health", "/_stcore/host-config")


class Dashboard(NamedTuple):
    """A running server."""

    url: str
    database: Path
    pid: int


def chromium() -> str | None:
    """The system's browser; None where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    return str(MAC_CHROME) if MAC_CHROME.exists() else None


@contextmanager
def serving(folder: Path, database: Path | None = None) -> Iterator[Dashboard]:
    """Start the dashboard as a user would, with its database in `folder` unless another is given."""
    database = database or folder / "runs.sqlite"
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "serve.py", "--server.port", str(port)]
    environment = {**os.environ, "RLCSP_DATABASE_URL": str(database), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _await_server(server, port, folder / "server.log")
        yield Dashboard(f"http://127.0.0.1:{port}", database, server.pid)
    finally:
        server.terminate()
        try:
            server.wait(SOON)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def end_searches(dashboard: Dashboard) -> None:
    """Stop all that are at work or wait, and see them end."""
    store = open_store(str(dashboard.database))
    deadline = time.monotonic() + SOON
    for run in store.active_runs():
        with suppress(StoreError):  # it has just ended
            store.request(run.id, "stop")
    while store.active_runs() and time.monotonic() < deadline:
        time.sleep(0.1)
    store.close()


@contextmanager
def browsing() -> Iterator[Browser]:
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


class Watched:
    """A browser page that remembers what went wrong on it and what it asked of other machines."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.errors: list[str] = []
        self.foreign: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._see)

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.base}/{path}")
        self.page.wait_for_selector("h1")
        return self.page

    def _hear(self, message: Any) -> None:
        address = (message.location or {}).get("url", "")
        if message.type == "error" and not address.endswith(PROBES):
            self.errors.append(f"{message.text} ({address})")

    def _see(self, request: Any) -> None:
        if not request.url.startswith((self.base, self.base.replace("http", "ws", 1), "data:", "blob:")):
            self.foreign.append(request.url)


@contextmanager
def watching(browser: Browser, url: str) -> Iterator[Watched]:
    """A fresh page; whatever the test does on it, the console stays clean and nothing leaves the machine."""
    context = browser.new_context(viewport=WINDOW)
    context.set_default_timeout(MILLISECONDS)
    seen = Watched(context.new_page(), url)
    yield seen
    context.close()
    assert seen.errors == []
    assert seen.foreign == []


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, without the processes it has started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_server(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        # not only the port, which is open while libraries are still being loaded
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=STARTING):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the dashboard did not start:\n{log.read_text()}")
