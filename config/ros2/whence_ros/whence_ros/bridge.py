"""MQTT messages of one pipeline → ROS 2 messages; knows no ROS library."""

import json

from whence_ros import messages
from whence_ros.open_events import OpenEvents


class Bridge:
    """Turns what a pipeline publishes over MQTT into ROS 2 messages.

    `publish(topic, type, fields)` takes each message as a nested dictionary. `size()` gives the width and height of the
    camera's pictures in pixels, or None while that is not known: detections wait for it. `now()` is the time as a dictionary
    with `sec` and `nanosec`.
    """

    def __init__(self, prefix, pipeline, publish, size, now, optical_frame="", warn=print):
        self._prefix = prefix
        self._pipeline = pipeline
        self._publish = publish
        self._size = size
        self._now = now
        self._optical_frame = optical_frame
        self._warn = warn
        self._events = OpenEvents()
        self._frame = optical_frame
        self._online = False
        self._state = None
        self._stats = None
        self._handlers = {
            f"{prefix}/{pipeline}/available": self._take_available,
            f"{prefix}/{pipeline}/event": self._take_event,
            f"{prefix}/{pipeline}/state": self._take_state,
            f"{prefix}/{pipeline}/stats": self._take_stats,
        }

    @property
    def topics(self):
        """MQTT topics to subscribe to."""
        return list(self._handlers)

    @property
    def client_id(self):
        """Name of the bridge on the broker: one for each pipeline, as the broker keeps a session for it."""
        return "whence_ros_" + f"{self._prefix}_{self._pipeline}".replace("/", "_")

    @property
    def set_topic(self):
        """MQTT topic that switches the pipeline on and off."""
        return f"{self._prefix}/{self._pipeline}/set"

    def take(self, topic, payload):
        """Takes one MQTT message; one that is not valid is reported and skipped."""
        try:
            self._handlers[topic](payload.decode())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self._warn(f"Cannot use a message on {topic}: {type(error).__name__} {error}")

    def tell_diagnostics(self):
        """Publishes the pipeline's state and counters; call it about once a second."""
        fields = messages.diagnostics(self._pipeline, self._state, self._stats, self._online, self._now())
        self._publish("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray", fields)

    def _take_event(self, text):
        event = json.loads(text)
        if not event["schema"].startswith("whence/event/2"):
            raise ValueError(f"schema must be whence/event/2, got {event['schema']}")
        if not self._events.take(event):
            return
        self._publish("event", "std_msgs/msg/String", {"data": text})
        self._frame = self._optical_frame or event["header"]["frame_id"] + "_optical_frame"
        self._tell_detections(event["header"]["stamp"])
        vector = messages.bearing(event) if event["type"] != "end" else None
        if vector is not None:
            self._publish("bearing", "geometry_msgs/msg/Vector3Stamped", vector)

    def _tell_detections(self, stamp):
        size = self._size()
        if size is None:
            self._warn("The size of the pictures is not known: set image_width and image_height, or publish camera_info")
            return
        fields = messages.detections(self._events, stamp, self._frame, size)
        self._publish("detections", "vision_msgs/msg/Detection2DArray", fields)

    def _take_state(self, text):
        self._state = json.loads(text)
        if self._state["state"] in ("stopped", "failed"):
            self._end_all()

    def _take_available(self, text):
        self._online = text == "online"
        if not self._online:
            self._end_all()

    def _take_stats(self, text):
        self._stats = json.loads(text)

    def _end_all(self):
        if self._events.clear():
            self._tell_detections(self._now())
