from setuptools import find_packages, setup

package_name = "lab_motion"

setup(
    name=package_name,
    version="0.1.0",
    packages=find_packages(include=[package_name, f"{package_name}.*"]),
    package_data={package_name: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="Plans collision-free arm motion, executes it and checks that it happened.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "franka_gripper_adapter = lab_motion.control.franka_gripper:main",
            "motion_node = lab_motion.motion_node:main",
            "write_moveit_config = lab_motion.planning.moveit.configuration:main",
        ],
        "lab_motion.grip_sensors": [
            "fingers = lab_motion.skills.grip.fingers:FingerGrip",
            "touch = lab_motion.skills.grip.touch:TouchGrip",
            "vacuum = lab_motion.skills.grip.vacuum:VacuumGrip",
        ],
        "lab_motion.planners": [
            "moveit = lab_motion.planning.moveit.planner:MoveItPlanner",
            "embedded = lab_motion.planning.embedded:EmbeddedPlanner",
        ],
    },
)
