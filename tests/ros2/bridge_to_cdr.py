"""Runs the bridge without ROS: bridge_to_cdr.py PORT DISTRIBUTION. Each message becomes CDR and is read back.

Prints a JSON line for each: {"topic", "type", "bytes", "message"}. Takes
lines `true` and `false`, which switch the pipeline, and `null`, which asks whether there is a connection.
"""
import json
import sys
import threading

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from whence_ros.bridge import Bridge
from whence_ros.mqtt import connect, switch

# vision_msgs 4, as in Humble and later; rosbags does not include it.
VISION = {
    "Point2D": "float64 x\nfloat64 y\n",
    "Pose2D": "vision_msgs/Point2D position\nfloat64 theta\n",
    "BoundingBox2D": "vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n",
    "ObjectHypothesis": "string class_id\nfloat64 score\n",
    "ObjectHypothesisWithPose": "vision_msgs/ObjectHypothesis hypothesis\ngeometry_msgs/PoseWithCovariance pose\n",
    "Detection2D": "std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n"
    "vision_msgs/BoundingBox2D bbox\nstring id\n",
    "Detection2DArray": "std_msgs/Header header\nvision_msgs/Detection2D[] detections\n",
}

port, distribution = sys.argv[1:]
store = get_typestore(Stores[f"ROS2_{distribution.upper()}"])
for name, text in VISION.items():
    store.register(get_types_from_msg(text, f"vision_msgs/msg/{name}"))

PRIMITIVES = {"string": "", "bool": False, "float32": 0.0, "float64": 0.0}


def build(kind, fields):
    """A message with the given fields; the others have ROS' defaults. An unknown field is an error."""
    types = dict(store.fielddefs[kind][1])
    unknown = set(fields or {}) - set(types)
    assert not unknown, f"{kind} has no {unknown}"
    return store.types[kind](**{name: value(desc, (fields or {}).get(name)) for name, desc in types.items()})


def value(description, given):
    node, detail = description
    if node.name == "BASE":
        name = detail[0]
        if name in ("octet", "byte"):
            return given[0] if isinstance(given, bytes) else given or 0
        result = PRIMITIVES.get(name, 0) if given is None else given
        assert isinstance(result, type(PRIMITIVES.get(name, 0))), f"{name}: {result!r}"
        return result
    if node.name == "NAME":
        return build(detail, given)
    if node.name == "ARRAY":
        import numpy

        return numpy.zeros(detail[1])
    return [value(detail[0], item) for item in given or []]


def plain(message):
    if hasattr(message, "__dataclass_fields__"):
        return {name: plain(getattr(message, name)) for name in message.__dataclass_fields__ if name != "__msgtype__"}
    if isinstance(message, list):
        return [plain(item) for item in message]
    return message.tolist() if hasattr(message, "tolist") else message


def publish(topic, kind, fields):
    data = store.serialize_cdr(build(kind, fields), kind)
    back = plain(store.deserialize_cdr(data, kind))
    print(json.dumps({"topic": topic, "type": kind, "bytes": len(data), "message": back}), flush=True)


bridge = Bridge(
    "whence",
    "front",
    publish,
    size=lambda: (1280, 720),
    now=lambda: {"sec": 1, "nanosec": 2},
    warn=lambda text: print(json.dumps({"warning": text}), flush=True),
)
lock = threading.Lock()


def take(topic, payload):
    with lock:
        bridge.take(topic, payload)
        if topic.endswith("/state") or topic.endswith("/available"):
            bridge.tell_diagnostics()


client = connect(bridge.client_id, "127.0.0.1", int(port), bridge.topics, take)
for line in sys.stdin:
    enabled = json.loads(line)
    answer = client.is_connected() if enabled is None else switch(client, bridge.set_topic, enabled)
    print(json.dumps({"topic": "answer", "message": answer}), flush=True)
client.disconnect()
