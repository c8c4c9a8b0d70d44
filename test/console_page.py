"""The operator's console in a real browser, for tests and benchmarks."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="needs `pip install playwright`")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# it asks nobody but the console: no updates, no accounts
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic", "--no-proxy-server"),
]
# milliseconds of the wall for what a page shows; a machine may be busy with others
PATIENCE = 90_000
# parameters of the lifecycle manager, for the same reason: seconds
PATIENT = {
    "start_timeout": 240.0,
    "transition_timeout": 240.0,
    "hang_timeout": 60.0,
    "silence_timeout": 240.0,
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def open_browser() -> Iterator[Any]:
    """Chromium with a profile of its own, that is forgotten."""
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, handle_sigint=False)
        try:
            yield opened
        finally:
            opened.close()


class Page:
    """One browser that looks at the console."""

    def __init__(self, browser: Any, address: str, width: int = 1280, height: int = 800) -> None:
        self.asked: list[str] = []
        self.page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.page.locator(".headline").wait_for()

    def says(self, text: str) -> None:
        """Wait until the headline begins so."""
        sync_api.expect(self.page.locator(".headline")).to_contain_text(text, timeout=PATIENCE)

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click()

    def notice(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()
