from setuptools import setup

NAME = "robot_state_publisher"

setup(
    name=NAME,
    version="3.3.3",
    packages=[NAME],
    package_data={NAME: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="The node robot_state_publisher: joint states to transforms",
    license="Apache-2.0",
    entry_points={"console_scripts": [f"{NAME} = {NAME}.node:main"]},
)
