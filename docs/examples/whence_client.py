"""Follows the events of Whence over MQTT; prints them: python3 docs/examples/whence_client.py localhost 1883

Needs paho-mqtt 2. Logs in with MQTT_USERNAME and MQTT_PASSWORD, if they are set. In a program of yours: from whence_client import watch
"""
import json
import os
import sys
from collections import OrderedDict
from typing import Callable, List, NamedTuple, Optional, cast

import paho.mqtt.client as mqtt

from whence_event import WhenceEvent

# Events whose late duplicates are still recognized; the longest unchanged is forgotten first.
REMEMBERED = 1000


class Change(NamedTuple):
    """Something that happened to one event."""

    # "new" and "update": the event lasts; "end": it is over.
    type: str
    # Its newest message.
    event: WhenceEvent
    # "message": a message of the event; "stopped", "failed": the pipeline's state; "offline": its process is gone;
    # "missed": messages may have been missed while this client was away.
    cause: str


class Tracker:
    """Follows events by the rules for consumers: drops duplicates, ends events whose pipeline has stopped."""

    def __init__(self, prefix: str = "whence") -> None:
        self._prefix = prefix
        self._events: "OrderedDict[str, WhenceEvent]" = OrderedDict()  # By id, the one that changed last at the end.
        self._lasting: "OrderedDict[str, WhenceEvent]" = OrderedDict()

    @property
    def filters(self) -> List[str]:
        """Topics to subscribe to, with QoS 1."""
        return [f"{self._prefix}/{name}" for name in ("+/event", "+/state", "+/available")]

    @property
    def lasting(self) -> List[WhenceEvent]:
        """The newest message of each event that lasts."""
        return list(self._lasting.values())

    def take(self, topic: str, payload: str) -> List[Change]:
        """Takes one MQTT message; returns what it changes. Raises ValueError or KeyError if it is not valid."""
        pipeline, _, leaf = topic[len(self._prefix) + 1 :].partition("/")
        if leaf == "event":
            event = json.loads(payload)
            if event["schema"] != "whence/event/2":
                raise ValueError(f"schema must be whence/event/2, got {event['schema']}")
            return self._take_event(cast(WhenceEvent, event))
        if leaf == "available" and payload == "offline":
            return self.end("offline", pipeline)
        if leaf == "state" and payload != "":  # An empty payload deletes the retained state.
            state = json.loads(payload)["state"]
            if state in ("stopped", "failed"):
                return self.end(state, pipeline)
        return []

    def end(self, cause: str, pipeline: Optional[str] = None) -> List[Change]:
        """Ends the events that last, all or those of one pipeline. A later message can resume one."""
        ended = [event for event in self.lasting if pipeline in (None, event["pipeline"])]
        for event in ended:
            del self._lasting[event["id"]]
        return [Change("end", event, cause) for event in ended]

    def _take_event(self, event: WhenceEvent) -> List[Change]:
        name = event["id"]
        if name in self._events and event["seq"] <= self._events[name]["seq"]:
            return []
        self._events[name] = event
        self._events.move_to_end(name)
        if len(self._events) > REMEMBERED:
            oldest, _ = self._events.popitem(last=False)
            self._lasting.pop(oldest, None)
        if event["type"] == "end":
            self._lasting.pop(name, None)
        else:
            self._lasting[name] = event
        return [Change(event["type"], event, "message")]


def watch(
    on_change: Callable[[Change], None],
    host: str = "localhost",
    port: int = 1883,
    prefix: str = "whence",
    client_id: str = "",
    username: str = "",
    password: Optional[str] = None,
    tls: bool = False,
) -> None:
    """Calls `on_change` for each change, for ever; reconnects. With a client id the broker keeps messages meanwhile."""
    tracker = Tracker(prefix)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=client_id == "")
    if username:
        client.username_pw_set(username, password)
    if tls:
        client.tls_set()

    def on_connect(_client, _userdata, flags, reason_code, _properties) -> None:
        if reason_code.is_failure:
            print(f"Cannot connect: {reason_code}", file=sys.stderr)
            return
        client.subscribe([(topic, 1) for topic in tracker.filters])
        if not flags.session_present:  # The end of an event may have been missed.
            for change in tracker.end("missed"):
                on_change(change)

    def on_message(_client, _userdata, message) -> None:
        try:
            changes = tracker.take(message.topic, message.payload.decode())
        except (ValueError, KeyError, TypeError) as error:
            print(f"Cannot use a message on {message.topic}: {type(error).__name__} {error}", file=sys.stderr)
            return
        for change in changes:
            on_change(change)

    client.on_connect = on_connect
    client.on_message = on_message
    client.connect_async(host, port)
    client.loop_forever(retry_first_connection=True)


def print_change(change: Change) -> None:
    """One line: type, pipeline, kind, score, place, id, number of the message, cause."""
    event = change.event
    # Absent unless located.
    place = ",".join(f"{value:.2f}" for value in event["peak"]) if "peak" in event else "-"
    print(
        change.type, event["pipeline"], event["kind"], f"{event['score']:.2f}", place, event["id"], event["seq"],
        change.cause, flush=True,
    )


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(f"Usage: {sys.argv[0]} HOST PORT [PREFIX]")
    watch(
        print_change,
        host=sys.argv[1],
        port=int(sys.argv[2]),
        prefix=sys.argv[3] if len(sys.argv) > 3 else "whence",
        username=os.environ.get("MQTT_USERNAME", ""),
        password=os.environ.get("MQTT_PASSWORD"),
    )
