"""The operator's console beside a simulated cell: how soon the page is there, how fast it shows the cell,
what that costs, how soon the arm stands after a click on the stop, and whether an approval can be forged.

Protocol: lab-console-1. Real time, the cell's own launch file, Chromium without a screen and without a
graphics card on the same machine. Page: from the request until Start can be pressed, in a fresh browser.
Rates: updates of the arm on the model's websocket and pictures of the camera, as a program that only counts
hears them while the cell clears the table. Cost: processor time of all processes of the cell and its console,
in shares of one core, while it clears the table with no page open and while one is looked at; of the browser
apart. Stop: while the arm moves in a task, a real mouse button goes down on the stop; seconds of the cell's
clock from the newest joint state at that moment until the last joint rests for good (below 0.01 rad/s).
Jog: a button is held, then the page vanishes; the same seconds. Approvals: a third altered (one digit of the
digest that waits, or a random digest), a third replayed (approved before, answered again at once and after
the motion), a third too late (expired, or withdrawn by a stop), sent to /motion/approve.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import websockets
import yaml
from lab_interfaces.msg import Proposal
from lab_interfaces.srv import Approve
from rich.console import Console

from _cell_run import ROOT, CellClient, CellRun, running_cell
from lab_node.qos import HISTORY

LAUNCH = ROOT / "launch" / "cell.launch.py"
# Seconds for which rates and costs are taken.
LOOK = 15.0
# Joints that are faster than this are in the middle of a motion, rad/s.
FAST = 0.2


class Watched:
    """A cell with a console, and its address."""

    def __init__(self, folder: Path, panels: list[str], approval: bool, timeout: float = 60.0) -> None:
        from console_page import PATIENT, free_port

        port = free_port()
        self.address = f"http://localhost:{port}/"
        parameters = folder / "parameters.yaml"
        console = {"port": port, "runs": str(folder), "panels": panels}
        values = {"operator": {"ros__parameters": console}}
        values |= {"lifecycle_manager": {"ros__parameters": PATIENT}}
        values |= {"motion": {"ros__parameters": {"approval_timeout": timeout}}}
        parameters.write_text(yaml.safe_dump(values))
        self.arguments = {"console": "true", "approval": str(approval).lower(), "record": "none"}
        self.arguments |= {"params_file": str(parameters), "parts": "12", "seed": "1"}
        if "twin" not in panels:
            self.arguments["look"] = "plain"


def processes(run: CellRun) -> list[psutil.Process]:
    """All of the cell, the console among them."""
    return [each for each in psutil.process_iter() if _group(each) == run.group]


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return -1


def seconds_of(some: list[psutil.Process]) -> float:
    """Processor seconds so far."""
    total = 0.0
    for each in some:
        with contextlib.suppress(psutil.Error):
            times = each.cpu_times()
            total += times.user + times.system
    return total


def cost(run: CellRun, browser: list[psutil.Process], seconds: float = LOOK) -> dict[str, float]:
    """Cores used by the cell's nodes, by the console, and by the browser."""
    everything = processes(run)
    operator = [each for each in everything if each.pid == run.pid("operator")]
    others = [each for each in everything if each not in operator]
    groups = {"nodes": others, "console": operator, "browser": browser}
    before = {name: seconds_of(each) for name, each in groups.items()}
    began = time.monotonic()
    threading.Event().wait(seconds)
    passed = time.monotonic() - began
    return {name: (seconds_of(each) - before[name]) / passed for name, each in groups.items()}


def browser_processes() -> list[psutil.Process]:
    """Of the Chromium that this process has started."""
    return [each for each in psutil.Process().children(recursive=True) if "chrom" in each.name()]


async def updates_a_second(address: str, seconds: float) -> float:
    """Messages of the model's websocket while the arm moves."""
    import viser

    count, server = 0, address.replace("http", "ws") + "twin"
    async with websockets.connect(
        server,
        subprotocols=[websockets.Subprotocol(f"viser-v{viser.__version__}")],
        proxy=None,
        max_size=None,
    ) as socket:
        with contextlib.suppress(TimeoutError):
            while True:  # what was drawn before
                await asyncio.wait_for(socket.recv(), 0.3)
                count += 1
                if count > 400:
                    break
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0.0:
            try:
                await asyncio.wait_for(socket.recv(), left)
                count += 1
            except TimeoutError:
                break
    return count / seconds


def pictures_a_second(address: str, seconds: float) -> float:
    """Of the camera's stream."""
    import urllib.request

    count, end = 0, time.monotonic() + seconds
    with urllib.request.urlopen(f"{address}camera", timeout=30.0) as stream:
        while time.monotonic() < end:
            count += stream.readline().startswith(b"--picture")
    return count / seconds


def wait_fast(cell: CellClient) -> None:
    """Until the arm is in the middle of a motion."""
    heard = len(cell.speeds)
    cell.until(lambda: cell.speeds and cell.speeds[-1][1] > FAST, 120.0, f"motion (after {heard} states)")


def stops(page: Any, cell: CellClient, count: int, rng: np.random.Generator) -> list[float]:
    """Seconds from each click until the arm stands. The task is begun again after each."""
    found = []
    for _ in range(count):
        page.page.get_by_role("button", name="Start", exact=True).click()
        wait_fast(cell)
        threading.Event().wait(float(rng.uniform(0.0, 2.0)))
        wait_fast(cell)
        box = page.page.locator("#stop").bounding_box()
        page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        since = cell.time()
        page.page.mouse.down()
        page.page.mouse.up()
        found.append(cell.seconds_until_still(since))
        page.says("Stopped")
        page.page.get_by_role("checkbox").click()
        page.press("Reset")
        page.says("Ended")
    return found


def vanished(open_page: Any, cell: CellClient, count: int) -> list[float]:
    """Seconds from the end of a page whose button is held until the arm stands."""
    found = []
    for number in range(count):
        page = open_page()
        page.page.locator('.jog input[value="large"]').check()
        button = page.page.locator(f'.jog [data-way="{"z-" if number % 2 else "z+"}"]')
        box = button.bounding_box()
        page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.page.mouse.down()
        cell.until(lambda: cell.speeds[-1][1] > 0.03, 30.0, "jog")
        since = cell.time()
        page.page.context.close()
        found.append(cell.seconds_until_still(since))
    return found


def forged(cell: CellClient, count: int) -> dict[str, Any]:
    """Approvals that nobody gave, by how they were forged: tried, taken."""
    seen: list[Proposal] = []
    cell.node.create_subscription(Proposal, "/motion/proposal", seen.append, HISTORY)
    asked = cell.client(Approve, "/motion/approve")
    each = count // 3
    tries = {name: [0, 0] for name in ("altered", "replayed", "too late")}

    def answer(digest: str) -> bool:
        return bool(cell.call(asked, Approve.Request(digest=digest, approved=True, person="Eve")).success)

    def forge(name: str, digest: str) -> None:
        if tries[name][0] < each:
            tries[name][0] += 1
            tries[name][1] += answer(digest)

    def waiting(after: int) -> Proposal:
        cell.until(lambda: any(p.state == "waiting" for p in seen[after:]), 120.0, "proposal")
        return next(p for p in reversed(seen) if p.state == "waiting")

    def state(digest: str) -> str:
        return next((p.state for p in reversed(seen) if p.digest == digest), "")

    from cell_client import clearing

    approved: list[str] = []
    while any(tried < each for tried, _ in tries.values()):
        cell.send("/run_order", clearing())
        first = waiting(len(seen)).digest
        for index in range(20):
            place = index % len(first)
            other = format((int(first[place], 16) + 1 + index % 15) % 16, "x")
            forge("altered", first[:place] + other + first[place + 1 :])
            forge("altered", secrets.token_hex(32))
        for old in approved:
            forge("replayed", old)
        assert answer(first), "the genuine approval was refused"
        approved.append(first)
        for _ in range(10):
            forge("replayed", first)
        second = waiting(len(seen)).digest
        for _ in range(10):
            forge("replayed", first)
        if len(approved) % 2 == 0:
            cell.stop()
        # by itself it expires, unless the camera sees another scene before: then it is withdrawn
        cell.until(lambda digest=second: state(digest) in ("expired", "withdrawn"), 60.0, "its end")
        for _ in range(25):
            forge("too late", second)
        cell.stop()
        cell.seconds_until_still(cell.time())
        cell.reset()
    return {name: {"tried": tried, "taken": taken} for name, (tried, taken) in tries.items()}


def measure_page(options: argparse.Namespace) -> dict[str, Any]:
    """How soon the page is there, how fast it shows the cell, and what that costs."""
    from cell_client import clearing
    from console_page import Page, open_browser

    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        shown = Watched(Path(folder), ["camera", "twin", "attempts", "figures"], approval=False)
        run, cell = stack.enter_context(running_cell(LAUNCH, shown.arguments, Path(folder) / "log"))
        browser = stack.enter_context(open_browser())
        loads = []
        for _ in range(5):
            began = time.monotonic()
            page = Page(browser, shown.address)
            page.page.wait_for_function(
                "[...document.querySelectorAll('button')].some(b => b.innerText == 'Start' && !b.disabled)"
            )
            loads.append(time.monotonic() - began)
            page.page.context.close()
        results["page_seconds"] = _distribution(loads)
        cell.send("/run_order", clearing())
        wait_fast(cell)
        results["cores_no_page"] = cost(run, browser_processes())
        # the browser's driver has a loop of its own in this thread
        with ThreadPoolExecutor(1) as pool:
            counted = pool.submit(lambda: asyncio.run(updates_a_second(shown.address, LOOK)))
            results["twin_updates_a_second"] = counted.result()
        results["camera_pictures_a_second"] = pictures_a_second(shown.address, LOOK)
        Page(browser, shown.address)
        results["cores_with_page"] = cost(run, browser_processes())
        results["load_of_the_machine"] = os.getloadavg()
    return results


def measure_stops(options: argparse.Namespace) -> dict[str, Any]:
    """By clicks, and by pages that vanish; without the model, which would need a graphics card."""
    from console_page import Page, open_browser

    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        shown = Watched(Path(folder), ["attempts"], approval=False)
        _, cell = stack.enter_context(running_cell(LAUNCH, shown.arguments, Path(folder) / "log"))
        browser = stack.enter_context(open_browser())
        page = Page(browser, shown.address)
        jogs = vanished(lambda: Page(browser, shown.address), cell, options.jogs)
        results["vanished_jog_seconds"] = _distribution(jogs)
        clicks = stops(page, cell, options.stops, np.random.default_rng(options.seed))
        results["stop_seconds"] = _distribution(clicks)
    return results


def measure_approvals(options: argparse.Namespace) -> dict[str, Any]:
    """In a cell of its own, whose proposals expire soon."""
    with tempfile.TemporaryDirectory() as folder:
        shown = Watched(Path(folder), ["attempts"], approval=True, timeout=4.0)
        with running_cell(LAUNCH, shown.arguments, Path(folder) / "log") as (_, cell):
            return {"forged_approvals": forged(cell, options.approvals)}


MEASURES = {"page": measure_page, "stops": measure_stops, "approvals": measure_approvals}


def _distribution(values: list[float]) -> dict[str, Any]:
    if not values:
        return {"trials": 0}
    return {"trials": len(values), "median": float(np.median(values)), "largest": max(values), "all": values}


def main() -> int:
    """Exit code 1 when a forged approval was taken, or the arm did not stand in time."""
    parser = argparse.ArgumentParser(prog="lab bench console", description=__doc__)
    parser.add_argument(
        "--only", choices=MEASURES, nargs="+", default=list(MEASURES), help="what is measured"
    )
    parser.add_argument("--stops", type=int, default=20, metavar="N", help="clicks on the stop")
    parser.add_argument("--jogs", type=int, default=10, metavar="N", help="pages that vanish")
    parser.add_argument("--approvals", type=int, default=300, metavar="N", help="forged ones")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    console = Console()
    results: dict[str, Any] = {"protocol": " ".join((__doc__ or "").split())}
    for name in options.only:
        found = MEASURES[name](options)
        console.print(found)
        results |= found
    if options.out:
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")
    taken = sum(each["taken"] for each in results.get("forged_approvals", {}).values())
    return 1 if taken or results.get("stop_seconds", {}).get("largest", 0.0) > 0.35 else 0


if __name__ == "__main__":
    sys.exit(main())
