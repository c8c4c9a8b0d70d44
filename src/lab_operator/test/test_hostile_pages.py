"""What somebody may send who wishes the console ill; afterwards it still serves and nothing has moved."""

from __future__ import annotations

import asyncio
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

import pytest
import viser
import websockets
from served_console import served
from test_access import write_certificate

from lab_operator.people.roster import Roster
from lab_operator.twin.keyed import HEADER

WAIT = 60.0
PASSWORD = "a long password"
VISER = [f"viser-v{viser.__version__}"]
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
MALFORMED = [
    *("", "x", "4", "42", "42[", '42["event"]', '42["event",{}]', '42["event",[]]', '42["event",null]'),
    *(
        '42["event",{"client_id":7,"id":"x","args":[]}]',
        '42["handshake",{}]',
        '42["handshake",{"client_id":[]}]',
    ),
    *('42["handshake",{"client_id":"1","tab_id":"2","document_id":"3"}]', '42["ack",{}]', '42["log",{}]'),
    *('451-["event",{"_placeholder":true,"num":9}]', "0", "1", "2probe", "5", "99999999999"),
    *("42" + "[" * 5000, '42["' + "x" * 100_000 + '",{}]', '42["no such event",{}]', "\x00\xff"),
    *(b"", b"\x04", b"\xff" * 5000, b"\x80\x04K\x01."),
]


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """Address of an open console, port of its model, what was asked of its cell."""
    folder = tmp_path_factory.mktemp("open")
    with served(folder, panels=["twin"]) as (address, port):
        yield address, port, folder / "console.jsonl"


def ask(address, path="/", method="GET", body=None, context=None, **headers):
    request = urllib.request.Request(address + path, data=body, method=method, headers=headers)
    return urllib.request.urlopen(request, timeout=WAIT, context=context)


def still_well(console):
    """It serves its page, and nobody has asked anything of the cell."""
    address, _, log = console
    assert b'id="stop"' in ask(address).read()
    assert not log.exists() or {json.loads(each)["action"] for each in log.read_text().splitlines()} <= {
        "stop"
    }


async def send(address, *messages, **options):
    """Everything that came back until the other side closed, or had nothing more to say."""
    came = []
    try:
        async with websockets.connect(address, proxy=None, **options) as socket:
            for message in messages:
                await socket.send(message)
            await socket.send("3")  # of engine.io: the answer to a ping, and garbage elsewhere
            while True:
                came.append(await asyncio.wait_for(socket.recv(), 0.3))
    except (websockets.ConnectionClosed, TimeoutError):
        pass
    return came


@pytest.mark.parametrize("message", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_messages(console, message):
    asyncio.run(send(console[0].replace("http", "ws") + SOCKET, message, "40", message))
    asyncio.run(send(console[0].replace("http", "ws") + "/twin", message, subprotocols=VISER))
    still_well(console)


@pytest.mark.parametrize("path", [SOCKET, "/twin"])
def test_an_oversized_message_closes_its_own_socket(console, path):
    async def closed():
        async with websockets.connect(console[0].replace("http", "ws") + path, proxy=None) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.send("4" * ((1 << 20) + 1))
                while True:
                    await asyncio.wait_for(socket.recv(), WAIT)

    asyncio.run(closed())
    still_well(console)


def test_a_socket_that_sends_without_end_is_closed(console):
    async def closed():
        async with websockets.connect(console[0].replace("http", "ws") + SOCKET, proxy=None) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                for _ in range(20_000):
                    await socket.send("3")
                while True:
                    await asyncio.wait_for(socket.recv(), WAIT)

    asyncio.run(closed())
    still_well(console)


def test_a_body_without_a_length_is_cut_off(console):
    def endless():
        for _ in range(1000):
            yield b"x" * 1000

    with pytest.raises((urllib.error.HTTPError, OSError)):
        ask(console[0], "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "POST", endless()).read()
    still_well(console)


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost:1", "null", "file://"])
@pytest.mark.parametrize("path", [SOCKET, "/twin"])
def test_the_sockets_are_closed_to_pages_of_others(console, path, origin):
    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(send(console[0].replace("http", "ws") + path, origin=origin))


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost:8080"}, {HEADER: "a guess"}, {HEADER: ""}, {"Host": "evil"}]
)
def test_the_models_own_port_is_the_consoles_alone(console, headers):
    own = f"127.0.0.1:{console[1]}"
    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(send(f"ws://{own}", additional_headers=headers, subprotocols=VISER))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(f"http://{own}", **headers)


def test_the_model_is_there_for_who_comes_by_the_console(console):
    async def first():
        address = console[0].replace("http", "ws") + "/twin"
        async with websockets.connect(address, proxy=None, subprotocols=VISER, max_size=None) as socket:
            return await asyncio.wait_for(socket.recv(), WAIT)

    assert isinstance(asyncio.run(first()), bytes)


def test_another_machine_meets_tls_and_the_login(tmp_path):
    certificate, key = write_certificate(tmp_path, "cell", ("localhost", "cell1.lab"))
    people = tmp_path / "people.yaml"
    Roster({}).with_person("Ann", "operator", PASSWORD).write(people)
    files = {"certificate": certificate, "private_key": key, "people": str(people)}
    trusting = ssl.create_default_context(cafile=certificate)
    with served(tmp_path, host="0.0.0.0", **files) as (address, _):
        assert address.startswith("https://localhost:")
        with pytest.raises((urllib.error.URLError, OSError)):
            ask(address.replace("https", "http")).read()
        with pytest.raises(urllib.error.URLError, match="certificate"):
            ask(address)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(address, "/camera", context=trusting)
        with pytest.raises(urllib.error.HTTPError, match="403"):  # reached by a name that it was not given
            ask(address, context=trusting, Host="127.0.0.1")
        assert json.load(ask(address, "/stop", "POST", context=trusting)) == {"heard": True}
        browser = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trusting), urllib.request.HTTPCookieProcessor()
        )
        form = urllib.parse.urlencode({"name": "Ann", "password": PASSWORD}).encode()
        page = browser.open(f"{address}/login", form, timeout=WAIT).read().decode()
        assert "Ann · log out" in page and 'action="/login' not in page
