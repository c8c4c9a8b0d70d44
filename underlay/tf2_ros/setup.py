from setuptools import setup

NAME = "tf2_ros"

# The Python module tf2_ros belongs to the package tf2_ros_py, as in ROS 2.
setup(
    name=NAME,
    version="0.36.20",
    py_modules=["static_transform_publisher"],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="The executables of tf2: static_transform_publisher",
    license="Apache-2.0",
    entry_points={"console_scripts": ["static_transform_publisher = static_transform_publisher:main"]},
)
