"""A node that hangs is ended and started again; one that only pauses is left alone."""

import os
import signal

from cell_run import ROOT, running_cell, wall_wait

ARGUMENTS = {"look": "plain", "scene": "scattered", "parts": "1", "seed": "7", "speed": "1", "record": "none"}


def test_a_node_that_hangs_is_started_again_and_one_that_pauses_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "78")
    log = tmp_path / "log"
    with running_cell(ROOT / "launch" / "cell.launch.py", ARGUMENTS, log) as (run, cell):
        paused, hung = run.pid("grasping"), run.pid("motion")
        os.kill(hung, signal.SIGSTOP)
        os.kill(paused, signal.SIGSTOP)
        wall_wait(lambda: False, 2.0)
        os.kill(paused, signal.SIGCONT)
        cell.until(lambda: run.pid("motion") not in (None, hung), 60.0, "new process of the motion node")
        cell.until(cell.answers_active, 240.0, "cell that is up again")
        assert run.pid("grasping") == paused
    assert "motion hangs: it has not answered for" in log.read_text()
    assert f"its process {hung} is killed" in log.read_text()
