"""When a step is done, and where an interrupted set-up goes on."""

import dataclasses
from pathlib import Path

import pytest
from environment.steps import Places, State, make_plan
from environment.variables import SETTINGS, WHEEL_SETTINGS, WORKSPACE

MANIFEST = (
    "<package format='3'><name>{}</name><export><build_type>ament_python</build_type></export></package>"
)


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    for folder, name in (("src", "lab_node"), ("underlay", "launch")):
        (tmp_path / folder / name).mkdir(parents=True)
        (tmp_path / folder / name / "package.xml").write_text(MANIFEST.format(name))
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment/requirements.lock").write_text("numpy==2.4.6\n")
    return Places(tmp_path)


def finish(places: Places) -> State:
    """Leaves everything as a complete set-up does."""
    plan = make_plan(places, State(places.state))
    for path in (
        places.python,
        places.environment,
        *(places.root / "install" / name / "x" for name in plan.packages),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    settings = SETTINGS | WHEEL_SETTINGS | {WORKSPACE: str(places.root)}
    state = State(places.state, plan.environment, plan.digests, settings)
    state.write()
    return state


def test_at_first_everything_is_to_do(places):
    plan = make_plan(places, State.read(places.state))
    assert not plan.done
    assert plan.changed == ["lab_node", "launch"]


def test_after_a_set_up_nothing_is_to_do(places):
    finish(places)
    assert make_plan(places, State.read(places.state)).done


def test_another_lock_file_asks_for_everything(places):
    finish(places)
    places.lock.write_text("numpy==2.4.7\n")
    plan = make_plan(places, State.read(places.state))
    assert not plan.done
    assert plan.changed == ["lab_node", "launch"]


def test_another_lock_file_does_not_ask_for_another_virtual_environment(places):
    before = finish(places).environment
    places.lock.write_text("numpy==2.4.7\n")
    after = make_plan(places, State.read(places.state)).environment
    assert before != after
    assert before.partition(":")[0] == after.partition(":")[0]


def test_a_workspace_that_was_moved_is_built_again(places, tmp_path):
    finish(places)
    moved = tmp_path.with_name("moved")
    tmp_path.rename(moved)
    plan = make_plan(Places(moved), State.read(moved / ".lab/state.json"))
    assert plan.changed == ["lab_node", "launch"]


def test_other_settings_are_saved_without_building(places):
    state = finish(places)
    state.settings["RMW_IMPLEMENTATION"] = "rmw_other"
    state.write()
    plan = make_plan(places, State.read(places.state))
    assert not plan.done
    assert plan.changed == []


def test_a_package_that_failed_is_the_only_one_to_do(places):
    state = finish(places)
    del state.packages["launch"]
    state.write()
    plan = make_plan(places, State.read(places.state))
    assert plan.changed == ["launch"]


def test_a_package_whose_installation_was_deleted_is_built(places):
    finish(places)
    (places.root / "install/lab_node").rename(places.root / "elsewhere")
    assert make_plan(places, State.read(places.state)).changed == ["lab_node"]


def test_a_package_that_left_is_cleaned_away(places):
    finish(places)
    (places.root / "src/lab_node").rename(places.root / "lab_node")
    plan = make_plan(places, State.read(places.state))
    assert not plan.done
    assert plan.changed == []


def test_an_underlay_package_is_left_out_when_the_wheels_bring_it(places):
    marker = places.venv / "share/ament_index/resource_index/packages/launch"
    marker.parent.mkdir(parents=True)
    marker.touch()
    assert make_plan(places, State.read(places.state)).changed == ["lab_node"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"environment": 1}'])
def test_a_damaged_state_means_that_nothing_is_done(places, text):
    finish(places)
    places.state.write_text(text)
    assert not make_plan(places, State.read(places.state)).done


def test_places_belong_to_one_root():
    paths = [
        getattr(Places(Path("/r")), name)
        for name in ("venv", "python", "lock", "state", "environment", "log")
    ]
    assert all(path.is_relative_to("/r") for path in paths)
    assert dataclasses.is_dataclass(Places)
