"""The operator's console in real browsers, against one simulated cell in approval mode."""

from __future__ import annotations

import os
import re
import signal

import numpy as np
import pytest
import yaml
from lab_interfaces.msg import Proposal
from lab_interfaces.srv import Approve

from cell_run import ROOT, running_cell
from console_page import CHROMIUM, PATIENT, Page, free_port, open_browser, sync_api
from lab_core.geometry import invert, transform_points
from lab_description import load_cell
from lab_node.qos import HISTORY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: `apt-get install chromium`"),
]

DOMAIN = "98"
# seconds of the cell's clock within which the arm stands after a key was pressed in a page
STOPS = 1.0


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A cell with a console, the model left out: without a graphics card it takes all of the machine."""
    folder, port = tmp_path_factory.mktemp("console"), free_port()
    before = os.environ.get("ROS_DOMAIN_ID")
    os.environ["ROS_DOMAIN_ID"] = DOMAIN
    parameters = folder / "parameters.yaml"
    values = {
        "operator": {"port": port, "runs": str(folder), "panels": ["camera", "attempts"]},
        "lifecycle_manager": PATIENT,
    }
    parameters.write_text(yaml.safe_dump({name: {"ros__parameters": each} for name, each in values.items()}))
    arguments = {"console": "true", "approval": "true", "params_file": str(parameters), "record": "none"}
    arguments |= {"look": "plain", "parts": "3", "seed": "1"}
    try:
        with running_cell(ROOT / "launch" / "cell.launch.py", arguments, folder / "log") as (run, client):
            run.address, run.records = f"http://localhost:{port}/", folder / "console.jsonl"
            yield run, client
    finally:
        os.environ.pop("ROS_DOMAIN_ID") if before is None else os.environ.update(ROS_DOMAIN_ID=before)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def proposals(cell):
    seen: list[Proposal] = []
    cell[1].node.create_subscription(Proposal, "/motion/proposal", seen.append, HISTORY)
    return seen


@pytest.fixture(scope="module")
def pages(cell, browser):
    """Two browsers at once."""
    made = [Page(browser, cell[0].address), Page(browser, f"{cell[0].address}?language=zh_hk")]
    made[0].says("Ready")
    made[1].says("準備好")
    return made


def answer(client, digest: str) -> bool:
    asked = client.client(Approve, "/motion/approve")
    return bool(client.call(asked, Approve.Request(digest=digest, approved=True, person="Eve")).success)


def test_nothing_moves_before_it_is_approved_in_a_page(cell, pages, proposals):
    _, client = cell
    first, second = pages
    begun = client.time()
    first.press("Start")
    first.says("Wants to pick")
    second.says("想拿起")
    sync_api.expect(first.button("Approve")).to_be_disabled()  # nobody is named yet
    client.until(lambda: any(each.state == "waiting" for each in proposals), 60.0, "proposal")
    digest = proposals[-1].digest
    assert not answer(client, "0" * 64)
    assert client.seconds_until_still(begun) == 0.0
    first.page.get_by_label("Your name").fill("Ann s")  # letters of a name do not stop
    first.press("Approve")
    client.until(lambda: any(each.state == "approved" for each in proposals), 60.0, "approval")
    assert proposals[-1].person.startswith("Ann s, at ")
    second.says("正在拿起")
    assert not answer(client, digest), "an approval was replayed"


def test_the_space_bar_stops_the_arm_and_withdraws_what_waits(cell, pages, proposals):
    _, client = cell
    first, second = pages
    moving = client.until(
        lambda: next((s for s, v in reversed(client.speeds) if v > 0.1), None), 60.0, "motion"
    )
    assert moving
    first.page.locator(".headline").click()
    pressed = client.time()
    first.page.keyboard.press("Space")
    assert client.seconds_until_still(pressed) < STOPS
    first.says("Stopped")
    second.says("已停止")
    assert not answer(client, proposals[-1].digest)


def test_a_reset_asks_whether_the_reason_was_read(cell, pages):
    first, second = pages
    sync_api.expect(first.page.locator(".sentence")).to_contain_text("/cell/stop")
    sync_api.expect(first.button("Reset")).to_be_disabled()
    first.page.get_by_role("checkbox").click()
    first.press("Reset")
    first.notice("Reset: sent")
    second.says("已結束")
    assert cell[1].seconds_until_still(cell[1].time()) == 0.0  # nothing resumes by itself


def test_the_stop_button_needs_no_more_than_the_bar(cell, pages):
    first, _ = pages
    first.page.locator("#stop").dispatch_event("pointerdown", {"button": 0})
    first.says("Stopped")
    assert '"action": "stop"' in cell[0].records.read_text()


def test_what_waits_is_taken_over_and_nothing_is_moved_by_hand_without_approval(cell, pages):
    first, second = pages
    first.page.get_by_role("checkbox").click()
    first.press("Reset")
    first.says("Ended")
    began = cell[1].time()
    first.press("Start")
    first.says("Wants to pick")
    second.press("接手")
    first.says("Ended")
    button = first.page.locator('.jog [data-way="z+"]')
    button.hover()
    first.page.mouse.down()
    sync_api.expect(first.page.locator(".jog .said")).to_contain_text("before its plan is approved")
    first.page.mouse.up()
    assert cell[1].seconds_until_still(began) == 0.0
    assert '"action": "take_over"' in cell[0].records.read_text()
    first.page.keyboard.press("s")
    first.says("Stopped")


def test_a_page_finds_its_console_again(cell, pages):
    run, client = cell
    first, _ = pages
    pid = run.pid("operator")
    assert pid is not None
    first.page.evaluate("window.before = true")
    os.kill(pid, signal.SIGKILL)
    first.page.keyboard.press("s")
    first.notice("The stop was not heard")
    client.until(lambda: run.pid("operator") not in (None, pid), 60.0, "console that was started again")
    first.page.wait_for_function("window.before === undefined")  # it has loaded itself anew
    first.says("Stopped")
    first.page.get_by_role("checkbox").click()
    first.press("Reset")
    first.says("Ended")


def test_a_part_that_is_clicked_on_is_what_is_to_be_moved(cell, pages):
    first, second = pages
    wanted = first.page.get_by_label("What is to be done")
    listed = first.page.get_by_role("button", name=re.compile(r"^object_[0-9]+$"))
    name = listed.last.inner_text()
    listed.last.click()
    sync_api.expect(wanted).to_have_value(name)
    first.says("Ended")  # nothing begins by it
    first.page.get_by_text(f"the {name}").wait_for()
    wanted.fill("everything")
    described = load_cell("ur5e_table").camera
    pinhole, camera_from_base = described.pinhole, invert(described.base_from_camera)
    on_table = [
        place for place in cell[1].part_positions().values() if place[0] > 0.3 and abs(place[1]) < 0.25
    ]
    u, v = pinhole.project(transform_points(camera_from_base, np.array(on_table[:1])))[0]
    picture = first.page.locator(".view img")
    box = picture.bounding_box()
    scale = min(box["width"] / pinhole.width, box["height"] / pinhole.height)
    beside = [0.5 * (box[side] - scale * getattr(pinhole, side)) for side in ("width", "height")]
    picture.click(position={"x": beside[0] + scale * u, "y": beside[1] + scale * v})
    sync_api.expect(wanted).to_have_value(re.compile(r"^object_[0-9]+$"))
    sync_api.expect(second.page.get_by_label("要做甚麼")).not_to_have_value(name)  # each page has its own


def test_no_page_asks_another_host(cell, pages):
    allowed = (cell[0].address, cell[0].address.replace("http", "ws"), "data:", "blob:")
    assert [url for page in pages for url in page.asked if not url.startswith(allowed)] == []
