"""The web server as browsers and others meet it, on a port of this machine."""

from __future__ import annotations

import json
import re
import socket
import urllib.error
import urllib.request

import pytest
from served_console import JPEG, ShownCell

from lab_core.errors import ConfigurationError
from lab_operator.action_log import ActionLog
from lab_operator.desk import Desk
from lab_operator.parameters import ConsoleParameters
from lab_operator.server import PORTS, Server, _listen

WAIT = 60.0


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A cell, and the address of its console."""
    folder, cell = tmp_path_factory.mktemp("runs"), ShownCell()
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    parameters = ConsoleParameters(port=port, runs=str(folder), panels=["camera", "attempts", "figures"])
    server = Server(cell, Desk(cell, ActionLog(folder / "console.jsonl", pytest.fail)))
    try:
        address = server.start(parameters)
        assert address != f"http://localhost:{port}"  # which is taken: the next one is
        yield cell, address
    finally:
        server.stop()
        taken.close()


def ask(address, path="/", method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib.request.urlopen(
        urllib.request.Request(address + path, method=method, headers=named), timeout=WAIT
    )


def test_the_stop_is_in_the_page_itself(served):
    """Button and script are there before the framework has loaded, and without it."""
    page = ask(served[1]).read().decode()
    button, script = page.index('<button id="stop"'), page.index('fetch("/stop"')
    assert button < script and page.rindex("<script", 0, script) == page.rindex("<script>", 0, script)
    assert "STOP" in page and "停止" in ask(served[1], "/?language=zh_hk").read().decode()


def test_a_page_names_no_other_host(served):
    page = ask(served[1]).read().decode()
    sources = re.findall(r"""(?:src|href)=["']([^"']+)|url\(["']?([^"')]+)""", page)
    assert sources
    assert [source for pair in sources for source in pair if source.startswith(("http", "//"))] == []


def test_a_stop_is_one_request(served):
    cell, address = served
    assert json.load(ask(address, "/stop", "POST")) == {"heard": True}
    cell.heard = False
    assert json.load(ask(address, "/stop", "POST")) == {"heard": False}
    assert cell.asked[-2:] == ["stop", "stop"]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
@pytest.mark.parametrize("path", ["/", "/camera", "/stop"])
def test_pages_of_others_get_nothing(served, path, headers):
    cell, address = served
    asked = len(cell.asked)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(address, path, "POST" if path == "/stop" else "GET", **headers)
    assert len(cell.asked) == asked


def test_a_stop_is_not_asked_for_by_a_picture_or_a_link(served):
    with pytest.raises(urllib.error.HTTPError, match=r"40[45]"):
        ask(served[1], "/stop")


def test_the_camera_is_a_stream_of_pictures(served):
    with ask(served[1], "/camera") as stream:
        assert stream.headers["Content-Type"].startswith("multipart/x-mixed-replace")
        assert JPEG in stream.read(2 * len(JPEG) + 200)


def test_a_machine_without_a_free_port_says_so():
    taken = []
    first = 45_000
    try:
        for port in range(first, first + PORTS):
            each = socket.socket()
            taken.append(each)
            try:
                each.bind(("127.0.0.1", port))
            except OSError:
                continue  # taken by somebody else already
        with pytest.raises(ConfigurationError, match=f"port {first} and the {PORTS - 1} after it are taken"):
            _listen("127.0.0.1", first)
    finally:
        for each in taken:
            each.close()
