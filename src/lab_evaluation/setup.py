from setuptools import setup

package_name = "lab_evaluation"

setup(
    name=package_name,
    version="0.1.0",
    packages=[package_name, f"{package_name}.fuzzing"],
    package_data={package_name: ["py.typed", "templates/*.html", "cells/*/*.yaml"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=False,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="Judges grasp planners by clutter removal in simulation, side by side on many cores.",
    license="Apache-2.0",
    entry_points={
        "lab_grasping.planners": [
            "random_antipodal = lab_evaluation.references:RandomAntipodal",
            "highest_point = lab_evaluation.references:HighestPoint",
        ],
    },
)
