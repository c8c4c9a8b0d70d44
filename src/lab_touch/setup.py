from setuptools import setup

package_name = "lab_touch"

setup(
    name=package_name,
    version="0.1.0",
    packages=[package_name],
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
    description="What tactile pads tell of a grip, and how hard to grip.",
    license="Apache-2.0",
)
