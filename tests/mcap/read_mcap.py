"""Reads MCAP files with the reference reader, checks CRCs and every message against its schema, and prints what it found.

Arguments: `whole` or `torn`, then a file. A torn file ends within a record and has no index.
"""

import base64
import json
import sys

import jsonschema
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Channel, Message, Schema
from mcap.stream_reader import StreamReader


def torn_messages(file):
    """Messages of the chunks before the torn one."""
    schemas, channels = {}, {}
    try:
        for record in StreamReader(file, validate_crcs=True).records:
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = record
            elif isinstance(record, Message):
                channel = channels[record.channel_id]
                yield schemas[channel.schema_id], channel, record
    except (McapError, EOFError, ValueError):
        return


def main():
    state, path = sys.argv[1:]
    with open(path, "rb") as file:
        if state == "whole":
            reader = make_reader(file, validate_crcs=True)
            summary = reader.get_summary()
            statistics = {
                "messages": summary.statistics.message_count,
                "chunks": len(summary.chunk_indexes),
                "compression": sorted({index.compression for index in summary.chunk_indexes}),
            }
            messages = reader.iter_messages(log_time_order=True)
        else:
            statistics = {}
            messages = torn_messages(file)
        validators, counts, last, events, jpegs = {}, {}, 0, [], 0
        for schema, channel, message in messages:
            if schema.id not in validators:
                assert schema.encoding == "jsonschema" and channel.message_encoding == "json"
                content = json.loads(schema.data)
                validators[schema.id] = jsonschema.validators.validator_for(content)(content)
            value = json.loads(message.data)
            validators[schema.id].validate(value)
            counts[channel.topic] = counts.get(channel.topic, 0) + 1
            if state == "whole":
                assert message.log_time >= last, "out of order"
                last = message.log_time
            if schema.name == "whence.Event":
                events.append(value["id"] + " " + value["type"])
            if schema.name == "foxglove.CompressedImage":
                picture = base64.b64decode(value["data"], validate=True)
                jpegs += picture[:2] == b"\xff\xd8"
        print(json.dumps({**statistics, "counts": counts, "events": events, "jpegs": jpegs}))


main()
