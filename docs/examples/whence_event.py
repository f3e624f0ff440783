"""Types of Whence's event messages. Generated from the JSON Schema by `deno task schema`; do not edit."""
from typing import List, Literal, Optional, TypedDict


class Stamp(TypedDict):
    sec: int
    nanosec: int


class Header(TypedDict):
    stamp: Stamp
    frame_id: str


class Stream(TypedDict):
    onset: float
    offset: Optional[float]


class Label(TypedDict):
    name: str
    score: float


class Media(TypedDict, total=False):
    picture: str
    clip: str


class Bearing(TypedDict):
    azimuth: float
    elevation: float


class WhenceEventRequired(TypedDict):
    schema: Literal["whence/event/2"]
    # Onset in epoch seconds, then 6 random characters
    id: str
    type: Literal["new", "update", "end"]
    # Counts the messages of one id from 0
    seq: int
    pipeline: str
    kind: Literal["sound", "speech"]
    head: int
    # Capture time that this message describes, as a ROS 2 std_msgs/Header
    header: Header
    # Capture time, epoch seconds
    onset: float
    # Capture time, epoch seconds; null while the event lasts
    offset: Optional[float]
    duration: float
    # Seconds since the source began; the position in a file
    stream: Stream
    # Highest calibrated probability so far; never below detect.KIND.on; if not located, the highest presence, never below detect.unlocated.on
    score: float
    # Calibrated probability at header.stamp
    current_score: float
    # Uncalibrated activation at header.stamp
    similarity: float
    # false: something is heard, but nothing in view matches it; no peak, box or bearing
    located: bool
    # Zones that contain the peak
    zones: List[str]
    # Names from examples, most probable first
    labels: List[Label]
    # Recordings of the event
    media: Media
    # Why an `end` came before the score fell: `interrupted` (the process or the analysis failed), `source_lost` or `stopped`; else null
    reason: Optional[Literal["interrupted", "source_lost", "stopped"]]
    # NAME@VERSION
    model: str
    # From the capture of the newest input that this message uses to its publication
    latency_ms: float


class WhenceEvent(WhenceEventRequired, total=False):
    # x, y over the last 500 ms; only if located
    peak: List[float]
    # x1, y1, x2, y2 over the last 500 ms; only if located
    box: List[float]
    # Radians, REP 103: left and up positive; only if located and camera optics are set
    bearing: Bearing
