"""ROS 2 messages as nested dictionaries, in the form that `rosidl_runtime_py.set_message_fields` takes."""

import math

OK, WARN, ERROR, STALE = (bytes([level]) for level in range(4))

# State of a pipeline without a reason → level in /diagnostics.
LEVELS = {"running": OK, "starting": WARN, "reconnecting": ERROR, "failed": ERROR, "stopped": STALE}


def header(stamp, frame_id):
    """std_msgs/Header with a capture time."""
    return {"stamp": {"sec": stamp["sec"], "nanosec": stamp["nanosec"]}, "frame_id": frame_id}


def detections(events, stamp, frame_id, size):
    """vision_msgs/Detection2DArray of the located events that last.

    `size` is the width and height of the pictures in pixels, `frame_id` their optical frame.
    """
    located = [event for event in events if event["located"]]
    return {
        "header": header(stamp, frame_id),
        "detections": [detection(event, frame_id, size) for event in located],
    }


def detection(event, frame_id, size):
    """vision_msgs/Detection2D: the box in pixels, the kind and then the labels as hypotheses."""
    width, height = size
    left, top, right, bottom = event["box"]
    names = [{"name": event["kind"], "score": event["current_score"]}, *event["labels"]]
    return {
        "header": header(event["header"]["stamp"], frame_id),
        "results": [{"hypothesis": {"class_id": it["name"], "score": float(it["score"])}} for it in names],
        "bbox": {
            "center": {
                "position": {"x": (left + right) / 2 * width, "y": (top + bottom) / 2 * height},
                "theta": 0.0,
            },
            "size_x": (right - left) * width,
            "size_y": (bottom - top) * height,
        },
        "id": event["id"],
    }


def bearing(event):
    """geometry_msgs/Vector3Stamped: unit vector towards the peak; None without one.

    In the camera's body frame (REP 103): x forward, y left, z up.
    """
    angles = event.get("bearing")
    if angles is None:
        return None
    azimuth, elevation = angles["azimuth"], angles["elevation"]
    return {
        "header": header(event["header"]["stamp"], event["header"]["frame_id"]),
        "vector": {
            "x": math.cos(elevation) * math.cos(azimuth),
            "y": math.cos(elevation) * math.sin(azimuth),
            "z": math.sin(elevation),
        },
    }


def diagnostics(name, state, stats, online, stamp):
    """diagnostic_msgs/DiagnosticArray with one status, of the pipeline `name`."""
    values = {**flat(state or {}), **flat(stats or {})}
    if not online:
        level, message = STALE, "Whence is offline"
    elif state is None:
        level, message = STALE, "no state yet"
    else:
        reason = state["reason"]
        level = WARN if state["state"] == "running" and reason else LEVELS[state["state"]]
        message = f"{state['state']}: {reason}" if reason else state["state"]
    status = {
        "level": level,
        "name": f"whence: {name}",
        "message": message,
        "hardware_id": name,
        "values": [{"key": key, "value": str(value)} for key, value in values.items()],
    }
    return {"header": header(stamp, ""), "status": [status]}


def flat(value, prefix=""):
    """Nested counters with dotted names."""
    if not isinstance(value, dict):
        return {prefix: value}
    return {
        name: item
        for key, nested in value.items()
        for name, item in flat(nested, f"{prefix}.{key}" if prefix else key).items()
    }
