"""Starts a bridge for one pipeline: ros2 launch whence_ros whence.launch.py pipeline:=front camera:=/front_camera"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare


def generate_launch_description():
    file = PathJoinSubstitution([FindPackageShare("whence_ros"), "config", "whence.yaml"])
    arguments = [
        DeclareLaunchArgument("pipeline", default_value="front", description="Name of the pipeline"),
        DeclareLaunchArgument("broker", default_value="localhost", description="Host of the MQTT broker"),
        DeclareLaunchArgument("camera", default_value="camera", description="Namespace of camera_info"),
        DeclareLaunchArgument("params", default_value=file, description="File with parameters"),
    ]
    # A name such as "1" or "on" is not a string to YAML.
    text = lambda name: ParameterValue(LaunchConfiguration(name), value_type=str)
    bridge = Node(
        package="whence_ros",
        executable="whence_bridge",
        namespace=["whence/", LaunchConfiguration("pipeline")],
        parameters=[
            LaunchConfiguration("params"),
            {"pipeline": text("pipeline"), "broker": text("broker")},
        ],
        remappings=[("camera_info", [LaunchConfiguration("camera"), "/camera_info"])],
    )
    return LaunchDescription([*arguments, bridge])
