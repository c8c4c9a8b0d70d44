from setuptools import setup

NAME = "tf2_ros_py"
MODULE = "tf2_ros"

setup(
    name=NAME,
    version="0.36.20",
    packages=[MODULE],
    package_data={MODULE: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="The Python module tf2_ros: buffer, listener, broadcasters",
    license="Apache-2.0",
)
