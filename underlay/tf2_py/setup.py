from setuptools import setup

NAME = "tf2_py"

setup(
    name=NAME,
    version="0.36.20",
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
    description="The transform buffer of tf2: BufferCore and its exceptions",
    license="Apache-2.0",
)
