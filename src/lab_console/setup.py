from setuptools import setup

package_name = "lab_console"

setup(
    name=package_name,
    version="0.1.0",
    packages=[package_name, f"{package_name}.ros"],
    package_data={package_name: ["py.typed", "templates/*.html"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="What a person sees of the cell: live table, report, video; the demo.",
    license="Apache-2.0",
)
