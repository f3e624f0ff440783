"""The ROS 2 node: parameters, publishers, a timer for /diagnostics, a service that switches the pipeline."""

from pathlib import Path
from queue import Empty, SimpleQueue

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Vector3Stamped
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rosidl_runtime_py import set_message_fields
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import String
from std_srvs.srv import SetBool
from vision_msgs.msg import Detection2DArray

from whence_ros.bridge import Bridge
from whence_ros.mqtt import connect, switch

TYPES = {"detections": Detection2DArray, "bearing": Vector3Stamped, "event": String, "/diagnostics": DiagnosticArray}
POLL_S = 0.01


class WhenceBridge(Node):
    """Bridges one pipeline."""

    def __init__(self):
        super().__init__("whence_bridge")
        parameter = lambda name, default: self.declare_parameter(name, default).value
        size = (parameter("image_width", 0), parameter("image_height", 0))
        self._size = size if all(size) else None
        reliable = parameter("reliable", True)
        policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        quality = QoSProfile(depth=10, reliability=policy)
        self._outputs = {
            topic: self.create_publisher(kind, topic, 10 if topic == "/diagnostics" else quality)
            for topic, kind in TYPES.items()
        }
        self._bridge = Bridge(
            parameter("prefix", "whence"),
            parameter("pipeline", "front"),
            publish=self._publish,
            size=lambda: self._size,
            now=self._now,
            optical_frame=parameter("optical_frame", ""),
            warn=lambda text: self.get_logger().warning(text, throttle_duration_sec=10.0),
        )
        if self._size is None:
            self.create_subscription(CameraInfo, "camera_info", self._take_info, qos_profile_sensor_data)
        self.create_service(SetBool, "set_enabled", self._set_enabled)
        self.create_timer(1.0, self._bridge.tell_diagnostics)
        # MQTT messages arrive on a thread of their own.
        self._received = SimpleQueue()
        self.create_timer(POLL_S, self._take_received)
        file = parameter("password_file", "")
        self._client = connect(
            self._bridge.client_id,
            parameter("broker", "localhost"),
            parameter("port", 1883),
            self._bridge.topics,
            lambda topic, payload: self._received.put((topic, payload)),
            parameter("username", ""),
            Path(file).read_text().strip() if file else None,
        )

    def destroy_node(self):
        self._client.disconnect()
        self._client.loop_stop()
        super().destroy_node()

    def _publish(self, topic, _type, fields):
        message = TYPES[topic]()
        set_message_fields(message, fields)
        self._outputs[topic].publish(message)

    def _take_received(self):
        try:
            while True:
                self._bridge.take(*self._received.get_nowait())
        except Empty:
            pass

    def _take_info(self, info):
        self._size = (info.width, info.height)

    def _now(self):
        seconds, nanoseconds = self.get_clock().now().seconds_nanoseconds()
        return {"sec": seconds, "nanosec": nanoseconds}

    def _set_enabled(self, request, response):
        response.success = switch(self._client, self._bridge.set_topic, request.data)
        response.message = "" if response.success else "not connected to the broker"
        return response


def main():
    rclpy.init()
    node = WhenceBridge()
    try:
        rclpy.spin(node)
    except KeyboardInterrupt:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
