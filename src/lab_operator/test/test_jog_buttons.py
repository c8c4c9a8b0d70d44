"""The buttons that move the arm by hand, as their websocket hears them."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future

import pytest
from starlette.websockets import WebSocketDisconnect
from test_desk import ANN, RecordedCell

from lab_operator.action_log import ActionLog
from lab_operator.desk import Desk
from lab_operator.page.jog import PATH, SIZES, WAYS, Buttons, _buttons
from lab_operator.words import LANGUAGES, words_of

PRESS = json.dumps({"press": "z+", "size": "small"})
HOLD, RELEASE = json.dumps({"hold": True}), json.dumps({"release": True})


class HeldCell(RecordedCell):
    """Its step ends when its key is let go, or when `arrives` is called."""

    def jog(self, key, step):
        self.asked.append(("jog", key, step))
        self.step = Future()
        return self.step

    def release(self, key):
        super().release(key)
        self.step.set_result("the key was let go")


class Socket:
    """Gives the messages, one a turn of the loop, then it is closed; keeps what it was told."""

    def __init__(self, *messages) -> None:
        self.query_params = {"language": "en"}
        self.messages, self.told, self.closed = list(messages), [], False

    async def receive_text(self):
        for _ in range(10):
            await asyncio.sleep(0)
        if not self.messages:
            raise WebSocketDisconnect
        message = self.messages.pop(0)
        if callable(message):
            message()
            return await self.receive_text()  # what it has done is heard of first
        return message

    async def send_text(self, text):
        self.told.append(json.loads(text))

    async def close(self):
        self.closed = True


@pytest.fixture
def cell():
    return HeldCell()


def served(cell, tmp_path, *messages):
    socket = Socket(*messages)

    async def serve():
        buttons = Buttons(Desk(cell, ActionLog(tmp_path / "console.jsonl", pytest.fail)), ANN, socket)
        await buttons.serve()
        if buttons._step is not None:
            await buttons._step

    asyncio.run(serve())
    assert socket.closed
    return socket


def kinds(cell):
    return [each if isinstance(each, str) else each[0] for each in cell.asked]


def test_a_button_that_is_held_moves_one_step(cell, tmp_path):
    socket = served(cell, tmp_path, PRESS, HOLD, HOLD, lambda: cell.step.set_result(""), HOLD)
    assert kinds(cell) == ["hold", "jog", "hold", "hold"]
    assert cell.asked[1][2] == (0.0, 0.0, SIZES["small"][0], 0.0)
    assert len({each[1] for each in cell.asked}) == 1
    assert socket.told == [{"said": "Moved"}]


def test_a_button_that_is_let_go_stops_the_arm(cell, tmp_path):
    socket = served(cell, tmp_path, PRESS, HOLD, RELEASE, HOLD, HOLD)
    assert kinds(cell) == ["hold", "jog", "hold", "release"]
    assert socket.told == [{"said": "Ended: the key was let go"}]


def test_a_browser_that_vanishes_stops_the_arm(cell, tmp_path):
    served(cell, tmp_path, PRESS, HOLD)
    assert kinds(cell) == ["hold", "jog", "hold", "release"]


def test_every_step_has_a_key_of_its_own(cell, tmp_path):
    served(cell, tmp_path, PRESS, RELEASE, HOLD, PRESS, RELEASE)
    keys = [each[1] for each in cell.asked if each[0] == "jog"]
    assert len(keys) == len(set(keys)) == 2 and min(map(len, keys)) >= 32


@pytest.mark.parametrize(
    "message",
    [
        *("", "{", "null", "[]", "7", '"press"', "[" * 5000, "x" * 100_000, '{"press": "z+"}'),
        *(
            '{"press": "q", "size": "small"}',
            '{"press": "z+", "size": "huge"}',
            '{"press": ["z+"], "size": "small"}',
        ),
        *(
            '{"press": {"a": 1}, "size": "small"}',
            '{"hold": "yes"}',
            '{"hold": 1}',
            '{"press": "z+", "size": 1e999}',
        ),
    ],
)
def test_what_is_no_button_moves_nothing_and_lets_go(cell, tmp_path, message):
    served(cell, tmp_path, message, HOLD)
    assert cell.asked == []
    served(cell, tmp_path, PRESS, message, HOLD)
    assert kinds(cell) == ["hold", "jog", "release"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_a_button_for_every_way(language):
    page = _buttons(words_of(language))
    assert all(f'data-way="{way}"' in page for way in WAYS) and all(
        f'value="{size}"' in page for size in SIZES
    )
    assert "jog." not in page and PATH == "/jog"
