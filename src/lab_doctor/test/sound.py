"""A sound machine with a sound cell that runs, as a snapshot."""

from datetime import date

from lab_description import load_cell
from lab_description.graph import load_graph
from lab_doctor.graph_checks import CAMERA_INFO, COLOR, DEPTH, wanted_topics
from lab_doctor.snapshot import (
    Configuration,
    Endpoint,
    Environment,
    Graph,
    ImageFacts,
    Machine,
    NodeFacts,
    Parent,
    Snapshot,
    StopFacts,
    Stream,
    Topic,
    TransportProfile,
)

MIB = 1 << 20
CELL = load_cell("ur5e_table")
GRAPH = load_graph(CELL)
NODES = [node.name for node in GRAPH.started("mujoco") if node.managed]


def sound_snapshot(running: bool = True) -> Snapshot:
    machine = Machine(
        now=date(2026, 9, 1),
        disk_free=50_000 * MIB,
        shared_memory=4096 * MIB,
        shared_memory_free=3800 * MIB,
        memory_available=8000 * MIB,
        receive_buffer=212992,
        clock_synchronised=True,
        load_per_core=0.5,
        installed={"numpy": "2.4.6"},
        pinned={"numpy": "2.4.6"},
        middlewares=("rmw_fastrtps_cpp",),
    )
    variables = {
        "ROS_DISTRO": "jazzy",
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "FASTRTPS_DEFAULT_PROFILES_FILE": "fastdds.xml",
    }
    profile = TransportProfile("fastdds.xml", "", 16 * MIB, ("127.0.0.1",))
    environment = Environment(variables, 0, profile)
    configuration = Configuration(CELL.name, CELL, nodes=GRAPH.nodes, description=GRAPH)
    return Snapshot(machine, environment, configuration, False, sound_graph() if running else None)


def sound_graph() -> Graph:
    listeners = {COLOR: "perception", DEPTH: "perception", CAMERA_INFO: "perception"}
    topics = {
        topic.name: Topic(
            tuple(Endpoint(name, topic.type, topic.profile.reliable, topic.profile.latched) for name in said)
        )
        for topic in GRAPH.topics.values()
        if (said := [name for name in topic.publishers if GRAPH.nodes[name].executable is not None])
    }
    for wanted in wanted_topics(CELL, GRAPH):
        image = wanted.topic in listeners
        topics[wanted.topic] = Topic(
            (Endpoint("simulator", wanted.kind, not image, False),),
            (Endpoint(listeners.get(wanted.topic, "motion"), wanted.kind, False, False),),
        )
    topics["/clock"] = Topic((Endpoint("simulator", "rosgraph_msgs/msg/Clock", True, False),))
    topics["/task/status"] = Topic(
        (Endpoint("tasks", "lab_interfaces/msg/TaskStatus", True, True),),
        (Endpoint("console", "lab_interfaces/msg/TaskStatus", True, True),),
    )
    base = CELL.robot.base_link
    home = dict(zip(CELL.robot.joint_names, CELL.robot.configuration("home"), strict=True))
    tool = CELL.robot.forward(home)[CELL.robot.tool_link][0]
    return Graph(
        simulated=True,
        nodes=(
            *(NodeFacts(name, "active", name not in ("simulator", "stop"), CELL.name) for name in NODES),
            NodeFacts("robot_state_publisher"),
            NodeFacts("lifecycle_manager"),
        ),
        topics=topics,
        streams={
            wanted.topic: Stream(50, 1.5 * wanted.rate, 0.05, CELL.camera.frame)
            for wanted in wanted_topics(CELL, GRAPH)
        },
        actions=frozenset(GRAPH.actions),
        services={service.name: (service.type,) for service in GRAPH.services.values()},
        frames={
            CELL.camera.frame: Parent(base, CELL.camera.base_from_camera),
            CELL.robot.tool_link: Parent(base, tool),
        },
        joints={**home, CELL.gripper.joint: 0.0},
        clock=3.0,
        camera=CELL.camera.pinhole,
        colour=ImageFacts(640, 480, "rgb8"),
        depth=ImageFacts(640, 480, "16UC1", 0.95),
        depth_pairs=1.0,
        diagnostics=tuple((name, 0, "active") for name in NODES),
        stop=StopFacts(said=True),
    )
