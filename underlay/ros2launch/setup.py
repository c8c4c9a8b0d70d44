from setuptools import find_packages, setup

NAME = "ros2launch"

setup(
    name=NAME,
    version="0.26.0",
    packages=find_packages(exclude=["test"]),
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/" + NAME]),
        ("share/" + NAME, ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=False,
    maintainer="The maintainers",
    maintainer_email="maintainers@lab-manipulation.dev",
    description="Stand-in for the ros2launch package where ROS 2 comes from wheels",
    license="Apache-2.0",
)
