from setuptools import find_packages, setup

NAME = "launch_testing"

setup(
    name=NAME,
    version="3.4.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/" + NAME]),
        ("share/" + NAME, ["package.xml"]),
    ],
    entry_points={"pytest11": ["launch_testing = launch_testing.pytest.hooks"]},
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="The maintainers",
    maintainer_email="maintainers@lab-manipulation.dev",
    description="Stand-in for the launch_testing package where ROS 2 comes from wheels",
    license="Apache-2.0",
)
