"""Starts a bridge for one pipeline: ros2 launch whence_ros whence.launch.py pipeline:=front camera:=/front_camera"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def generate_launch_description():
    file = PathJoinSubstitution([FindPackageShare("whence_ros"), "config", "whence.yaml"])
    arguments = [
        DeclareLaunchArgument("pipeline", default_value="front", description="Name of the pipeline"),
        DeclareLaunchArgument("broker", default_value="localhost", description="Host of the MQTT broker"),
        DeclareLaunchArgument("camera", default_value="camera", description="Namespace of camera_info"),
        DeclareLaunchArgument("params", default_value=file, description="File with parameters"),
    ]
    bridge = Node(
        package="whence_ros",
        executable="whence_bridge",
        namespace=["whence/", LaunchConfiguration("pipeline")],
        parameters=[
            LaunchConfiguration("params"),
            {"pipeline": LaunchConfiguration("pipeline"), "broker": LaunchConfiguration("broker")},
        ],
        remappings=[("camera_info", [LaunchConfiguration("camera"), "/camera_info"])],
    )
    return LaunchDescription([*arguments, bridge])
