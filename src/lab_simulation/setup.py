from setuptools import find_packages, setup

package_name = "lab_simulation"

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
    description="The embedded simulator: a cell in MuJoCo that looks to ROS like a real one.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "simulator_node = lab_simulation.simulator_node:main",
            "gazebo_parts = lab_simulation.gazebo.parts_node:main",
            "write_gazebo_files = lab_simulation.gazebo.files:main",
        ]
    },
)
