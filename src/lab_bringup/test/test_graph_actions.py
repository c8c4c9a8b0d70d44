"""What follows when a node of the graph ends."""

from lab_bringup.graph_actions import Restarts, end_everything, ending
from lab_description import load_cell
from lab_description.graph import load_graph

NODES = load_graph(load_cell("ur5e_table")).nodes


def test_a_cell_does_not_outlive_its_stop():
    assert ending(NODES["stop"]) == {"on_exit": end_everything}


def test_a_node_that_dies_again_and_again_ends_the_cell():
    assert isinstance(ending(NODES["motion"])["on_exit"], Restarts)


def test_a_console_that_cannot_come_up_leaves_the_cell_alone():
    after = ending(NODES["operator"])
    assert "on_exit" not in after and after["respawn"] and after["respawn_max_retries"] > 0
