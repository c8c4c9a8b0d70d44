from setuptools import find_packages, setup

package_name = "lab_language"

setup(
    name=package_name,
    version="0.1.0",
    packages=find_packages(include=[package_name, f"{package_name}.*"]),
    package_data={package_name: ["py.typed", "words/*.lark", "grounding/*.json"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="Lab manipulation maintainers",
    maintainer_email="maintainers@lab-manipulation.invalid",
    description="What somebody says, as a typed query, and which parts of the scene it means.",
    license="Apache-2.0",
    entry_points={
        "lab_language.grounders": [
            "attributes = lab_language.grounding.attributes:AttributeGrounder",
            "dual_encoder = lab_language.models.grounder:DualEncoderGrounder",
            "vision_language = lab_language.models.vision_language:VisionLanguageGrounder",
        ]
    },
)
