from setuptools import find_packages, setup

package_name = "lab_operator"

setup(
    name=package_name,
    version="0.1.0",
    packages=find_packages(include=[package_name, f"{package_name}.*"]),
    package_data={package_name: ["py.typed", "page/static/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="The operator's console in a browser: see the cell, start, approve, stop and reset it.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": ["console = lab_operator.console:main"],
        "lab_operator.panels": [
            "camera = lab_operator.panels.camera:CameraPanel",
            "twin = lab_operator.panels.twin:TwinPanel",
            "attempts = lab_operator.panels.attempts:AttemptsPanel",
            "figures = lab_operator.panels.figures:FiguresPanel",
            "calibration = lab_operator.panels.calibration:CalibrationPanel",
        ],
    },
)
