from setuptools import setup

NAME = "whence_ros"

setup(
    name=NAME,
    version="0.1.0",
    packages=[NAME],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/config", ["config/whence.yaml"]),
        (f"share/{NAME}/launch", ["launch/whence.launch.py"]),
    ],
    install_requires=["setuptools"],
    description="Publishes the events of Whence as ROS 2 messages",
    entry_points={"console_scripts": [f"whence_bridge = {NAME}.node:main"]},
)
