"""A browser session without a browser: it speaks the protocol of Streamlit's frontend and draws nothing.

The server does for it all that it does for a browser: runs the page's script, sends every element, and runs the
fragments again whose timers it has sent.  What a browser needs to draw comes on top of the times measured here.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from urllib.parse import urlencode, urlsplit

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 120.0  # s
LARGEST = 1 << 28  # bytes of one message
PARTS = (ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY, ForwardMsg.FINISHED_EARLY_FOR_RERUN)


class Visitor:
    """One session; `async with` opens and leaves it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: ClientConnection
        self._tasks: list[asyncio.Task[None]] = []
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._intervals: dict[str, float] = {}  # s, of the timers
        self._renewed: set[str] = set()  # timers that the run under way has sent
        self._finished: asyncio.Future[None] | None = None
        self._values: dict[str, WidgetState] = {}
        self.widgets: dict[str, str] = {}  # label: id, of the select boxes and buttons seen
        self.options: dict[str, list[str]] = {}
        self._folded: dict[str, str] = {}  # label: id, of the parts of the page to open
        self.page = ""
        self.query = ""
        self._hash = ""  # how the server names the page, once it has sent it
        self.exceptions: list[str] = []
        self.looks: list[float] = []  # when what is renewed most often had come, by the monotonic clock
        self._fragments: frozenset[str] = frozenset()  # that are at work
        self._drawn, self._to_draw = (
            0,
            0,
        )  # charts and crystals that have come in this look, and in the one before
        self._whole = False  # the page's script is at work, and not only fragments of it
        self.dropped = 0  # ends of it that the server has not told

    async def __aenter__(self) -> Visitor:
        place = urlsplit(self._url)
        self._connection = await connect(
            f"ws://{place.netloc}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=self._url,  # type: ignore[arg-type]
            max_size=LARGEST,
        )
        self._tasks.append(asyncio.create_task(self._listen()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in [*self._tasks, *self._timers.values()]:
            task.cancel()
        await self._connection.close()

    async def open(self, page: str = "", **query: str) -> float:
        """Seconds until the server has sent the whole page; "" is Home."""
        self.page, self.query = page, urlencode(query)
        self._hash = ""
        return await self._run()

    async def choose(self, label: str, option: str) -> float:
        """Seconds from a choice in a select box to the whole page that answers it."""
        if label not in self.widgets:
            raise RuntimeError(f"the page has no {label}; it says: {self.exceptions}")
        name = self.widgets[label]
        self._values[name] = WidgetState(id=name, string_value=option)
        return await self._run()

    async def unfold(self, label: str) -> float:
        """Seconds until what stands below this label is there."""
        name = self._folded[label]
        self._values[name] = WidgetState(id=name, bool_value=True)
        return await self._run()

    async def _run(self) -> float:
        self._finished = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self._send()
        await asyncio.wait_for(self._finished, PATIENCE)
        return time.perf_counter() - began

    async def _send(self, fragment: str = "") -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self._hash
        state.page_name = "" if self._hash else self.page
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        state.widget_states.widgets.extend(self._values.values())
        await self._connection.send(message.SerializeToString())

    async def _listen(self) -> None:
        try:
            async for data in self._connection:
                message = ForwardMsg()
                message.ParseFromString(data)  # type: ignore[arg-type]
                self._hear(message)
        except Exception as error:
            if self._finished and not self._finished.done():
                self._finished.set_exception(error)
            raise

    def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            whole = not message.metadata.run.fragment_ids
            if self._whole and not whole:
                # Streamlit drops what a run sends last where the next has been asked for by then: the page is there,
                # but a browser leaves on it what the page before had more, until its next run
                self.dropped += 1
                self._end(ForwardMsg.FINISHED_SUCCESSFULLY)
            self._renewed.clear()
            self._whole = whole
            self._fragments = frozenset(message.metadata.run.fragment_ids)
            self._drawn = 0
            if whole:
                self._hash = message.new_session.page_script_hash
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "delta":
            self._see(message.delta)
        elif kind == "script_finished":
            self._end(message.script_finished)

    def _see(self, delta: Delta) -> None:
        if delta.WhichOneof("type") == "add_block":
            if delta.add_block.WhichOneof("type") == "expandable":
                self._folded[delta.add_block.expandable.label] = delta.add_block.expandable.id
            return
        element = delta.new_element
        match element.WhichOneof("type"):
            case "selectbox":
                self.widgets[element.selectbox.label] = element.selectbox.id
                self.options[element.selectbox.label] = list(element.selectbox.options)
            case "bidi_component":
                self._drawn += 1
            case "exception":
                self.exceptions.append(element.exception.message)
            case "alert" if element.alert.format == Alert.ERROR:
                self.exceptions.append(element.alert.body)

    def _end(self, how: int) -> None:
        self._whole = False
        live = min(self._intervals, key=self._intervals.__getitem__, default="")
        if how not in PARTS or (
            how == ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY and live in self._fragments
        ):
            self.looks.append(time.monotonic())
        if how in PARTS:
            return
        for gone in set(self._timers) - self._renewed:  # the page as it is now has no such timer
            self._timers.pop(gone).cancel()
            del self._intervals[gone]
        if self._finished and not self._finished.done():
            self._finished.set_result(None)

    def _start_timer(self, fragment: str, interval: float) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(interval)
                await self._send(fragment)

        self._renewed.add(fragment)
        self._intervals[fragment] = interval
        if old := self._timers.pop(fragment, None):
            old.cancel()
        self._timers[fragment] = asyncio.create_task(tick())
