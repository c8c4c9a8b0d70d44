from setuptools import find_packages, setup

package_name = "lab_node"

setup(
    name=package_name,
    version="0.1.0",
    packages=find_packages(include=[package_name, f"{package_name}.*"]),
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
    description="What every node of the stack shares: parameters, QoS, outcomes, codecs, lifecycle.",
    license="Apache-2.0",
)
