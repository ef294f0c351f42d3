"""What `make app` starts: the dashboard of app.py, with headers that tell browsers what its pages may do.

Pages load and send nothing from and to other hosts, are not shown inside pages of other sites, and are what their type
says.  Streamlit's frontend writes styles and scripts into its pages, so those two stay allowed inline.

Libraries are loaded and the database is opened before the server answers: the first visitor does not wait for them.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.runtime.pages_manager import PagesManager

from pages.common.preload import load
from pages.common.session import begin
from pages.compare import comparison
from pages.field import reading
from rlcsp_core.errors import RLCSPError
from rlcsp_core.store.library import Library

CONTENT = {
    "default-src": "'self' data: blob:",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "frame-ancestors": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{what} {where}" for what, where in CONTENT.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """Adds HEADERS to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers)


def read_ahead(known: Library) -> None:
    """What first visitors would wait for; the pages say what is wrong with a database that is away."""
    with suppress(RLCSPError):
        comparison.read_ahead(known)
        reading.read_ahead(known.store)


# A folder named pages is taken for pages of Streamlit's older kind until app.py has run once: the first visitor's
# deep link would be answered with "page not found" before app.py shows it.
PagesManager.uses_pages_directory = False
load()
if known := begin():
    threading.Thread(target=read_ahead, args=(known,), name="read ahead", daemon=True).start()
app = st.App("app.py", middleware=[Middleware(SecurityHeaders)])
