"""Reads an MCAP file of the profile ros2 with rosbags and with mcap-ros2-support, and prints what both found."""

import json
import sys
from pathlib import Path

from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore


def plain(detections):
    return [
        {
            "id": d.id,
            "frame": d.header.frame_id,
            "names": [[r.hypothesis.class_id, r.hypothesis.score] for r in d.results],
            "center": [d.bbox.center.position.x, d.bbox.center.position.y],
            "size": [d.bbox.size_x, d.bbox.size_y],
        }
        for d in detections
    ]


def found(topic, name, message, into):
    if name.endswith("String"):
        into[topic] = json.loads(message.data)
    elif name.endswith("CompressedImage"):
        stamp = message.header.stamp
        into[topic] = [stamp.sec, stamp.nanosec, message.format, len(bytes(message.data))]
    else:
        into[topic] = plain(message.detections)


def with_rosbags(path):
    into = {}
    # Types of Humble; those of vision_msgs come from the file.
    store = get_typestore(Stores.ROS2_HUMBLE)
    with Reader(Path(path)) as reader:
        for connection in reader.connections:
            if connection.msgtype not in store.types:
                types = get_types_from_msg(connection.msgdef.data, connection.msgtype)
                store.register({k: v for k, v in types.items() if k not in store.types})
        for connection, _, data in reader.messages():
            message = store.deserialize_cdr(data, connection.msgtype)
            found(connection.topic, connection.msgtype, message, into)
    return into


def with_mcap(path):
    into = {}
    with open(path, "rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()], validate_crcs=True)
        assert reader.get_header().profile == "ros2"
        for schema, channel, _, message in reader.iter_decoded_messages():
            found(channel.topic, schema.name, message, into)
    return into


print(json.dumps({"rosbags": with_rosbags(sys.argv[1]), "mcap": with_mcap(sys.argv[1])}))
