from setuptools import setup

package_name = "lab_calibration"

setup(
    name=package_name,
    version="0.1.0",
    packages=[
        package_name,
        *(f"{package_name}.{room}" for room in ("board", "commands", "hand_eye", "simulated")),
    ],
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
    description="Where the camera stands, and how wrong that is at the parts.",
    license="Apache-2.0",
    entry_points={"console_scripts": ["calibrate = lab_calibration.__main__:main"]},
)
