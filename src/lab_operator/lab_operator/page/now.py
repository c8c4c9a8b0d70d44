"""The first card of the page: what the cell does, what its operator has to do, and the buttons for that."""

from __future__ import annotations

import time
from collections.abc import Awaitable

from nicegui import ElementFilter, ui

from lab_operator.desk import Answer, Desk
from lab_operator.people.visitor import Visitor
from lab_operator.situation import Situation, situation
from lab_operator.state import CellState, Proposal
from lab_operator.words import Words
from lab_tasks.orders.sources import order_names

# Seconds for which a plan is shown before it can be approved: a click may have been meant for another one.
_SEEN = 1.0
_ORDER = "order"


def write_order(words: str) -> None:
    """Put words where the page whose event this is asks what is to be done."""
    for field in ElementFilter(kind=ui.input, marker=_ORDER):
        field.set_value(words)


class NowCard:
    """Draws itself when it is made; `update` keeps it true."""

    def __init__(self, desk: Desk, words: Words, visitor: Visitor, order: str) -> None:
        """order: what Start has done before somebody writes another."""
        self._desk, self._words, self._visitor = desk, words, visitor
        self._shown: Situation | None = None
        with ui.element("section").classes("card now calm").mark("now") as self._card:
            self._headline = ui.label().classes("headline").props('role="status" aria-live="polite"')
            self._sentence = ui.label().classes("sentence")
            ui.label(words("todo.title")).classes("todo-title")
            self._todo = ui.label().classes("todo")
            self._name = ui.input(words("button.your_name")).props("outlined dense maxlength=60")
            self._name.classes("w-full name-field")
            with ui.element("div").classes("buttons") as self._ask:
                self._approve = ui.button(words("button.approve"), on_click=lambda: self._decide(True))
                self._approve.props("unelevated no-caps color=positive").mark("approve")
                self._decline = ui.button(words("button.decline"), on_click=lambda: self._decide(False))
                self._decline.props("outline no-caps color=grey-9").mark("decline")
            self._time_left = ui.label().classes("soft")
            self._read = ui.checkbox(words("button.read")).mark("read").style("margin-top: 10px")
            with ui.element("div").classes("w-full name-field") as self._ordering:
                self._order = ui.input(words("button.order"), value=order, autocomplete=order_names())
                self._order.props("outlined dense maxlength=300 debounce=400").classes("w-full").mark(_ORDER)
                self._order.on_value_change(self._read_back)
                self._understood = ui.label().classes("soft")
            with ui.element("div").classes("buttons"):
                self._start = ui.button(words("button.start"), on_click=self._press_start)
                self._start.props("unelevated no-caps color=primary").mark("start")
                self._take_over = ui.button(words("button.take_over"), on_click=self._press_take_over)
                self._take_over.props("outline no-caps color=grey-9").mark("take-over")
                self._reset = ui.button(words("button.reset"), on_click=self._press_reset)
                self._reset.props("unelevated no-caps color=grey-9").mark("reset")
            with ui.element("div").classes("counts"):
                self._counts = {
                    name: _count(words(f"count.{name}")) for name in ("placed", "presented", "left", "held")
                }
        self._read_stops: int | None = None
        self._proposal: Proposal | None = None
        self._since = 0.0
        self._read.on_value_change(self._note_read)
        self._read_back()

    def update(self, state: CellState) -> None:
        """Show what has changed."""
        words, now = self._words, situation(state)
        if state.proposal is not self._proposal:
            self._proposal, self._since = state.proposal, time.monotonic()
        if now != self._shown:
            if self._shown is None or now.tone != self._shown.tone:
                self._card.classes(remove="calm busy ask alarm", add=now.tone)
            if now.may_reset and (self._shown is None or now.names != self._shown.names):
                self._read.set_value(False)  # another reason is read anew
            self._shown = now
            self._headline.set_text(words(now.headline, **now.names))
            self._sentence.set_text(words(now.sentence, **now.names) if now.sentence else "")
            self._todo.set_text(words(now.todo, **now.names))
            asks = now.headline.startswith("asks.")
            self._ask.set_visibility(asks)
            self._name.set_visibility(asks and self._visitor.session is None)
            self._time_left.set_visibility(asks)
            self._read.set_visibility(now.may_reset)
            self._reset.set_visibility(now.may_reset)
            self._start.set_visibility(not now.may_reset and not now.may_take_over)
            self._ordering.set_visibility(now.may_start)
        self._start.set_enabled(now.may_start)
        self._take_over.set_visibility(now.may_take_over and not self._visitor.refused("take_over"))
        self._reset.set_enabled(now.may_reset and bool(self._read.value))
        if now.headline.startswith("asks.") and state.proposal is not None:
            named = bool(self._visitor.named(str(self._name.value or "")).name)
            self._approve.set_enabled(named and time.monotonic() - self._since > _SEEN)
            self._decline.set_enabled(named)
            left = max(0.0, state.proposal.until - time.monotonic())
            self._time_left.set_text(words("approval.seconds", seconds=f"{left:.0f}"))
        self._count(state)

    def _count(self, state: CellState) -> None:
        task = state.task
        figures = (task.placed, task.presented, task.left) if task is not None else ("", "", "")
        shown = (*figures, state.held or self._words("count.nothing"))
        for label, value in zip(self._counts.values(), shown, strict=True):
            label.set_text(str(value))

    def _note_read(self) -> None:
        stop = self._desk.cell.state.stop
        self._read_stops = stop.stops if stop is not None and self._read.value else None

    async def _press_start(self) -> None:
        await self._say(self._desk.start(self._visitor, str(self._order.value or "")))

    async def _press_take_over(self) -> None:
        await self._say(self._desk.take_over(self._visitor))

    def _read_back(self) -> None:
        answer = self._desk.read_back(str(self._order.value or ""))
        self._understood.set_text(self._words(f"said.{answer.key}", **answer.names))

    async def _press_reset(self) -> None:
        if self._read_stops is not None:
            await self._say(self._desk.reset(self._visitor, self._read_stops))

    async def _decide(self, approved: bool) -> None:
        # what this page has shown, not what waits by now
        if self._proposal is not None:
            who = self._visitor.named(str(self._name.value or ""))
            await self._say(self._desk.decide(who, self._proposal.digest, approved))

    async def _say(self, work: Awaitable[Answer]) -> None:
        answer = await work
        names = {name: self._reason(text) for name, text in answer.names.items()}
        said = self._words(f"said.{answer.key}", **names)
        ui.notify(said, type="positive" if answer.granted else "negative", position="bottom")

    def _reason(self, text: str) -> str:
        key = f"said.{text}"
        return self._words(key) if key in self._words.keys() else text  # noqa: SIM118


def _count(label: str) -> ui.label:
    with ui.element("div"):
        value = ui.label().classes("value")
        ui.label(label).classes("label")
    return value
