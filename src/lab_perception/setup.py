from setuptools import find_packages, setup

package_name = "lab_perception"

setup(
    name=package_name,
    version="0.1.0",
    packages=find_packages(include=[package_name, f"{package_name}.*"]),
    package_data={package_name: ["py.typed", "networks/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="RGB-D images to objects: support, instances in clutter, boxes, colours, identities.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "perception_node = lab_perception.perception_node:main",
            "presence_node = lab_perception.presence_node:main",
        ],
        "lab_perception.detectors": ["geometric = lab_perception.segmentation:GeometricDetector"],
    },
)
