#!/usr/bin/env python3
"""The pipeline that a robotics engineer would write in Python: GStreamer, NumPy, ONNX Runtime, paho-mqtt.

It uses the model files, windows and thresholds of Whence and publishes comparable events to TOPIC/NAME/event. One thread
per camera; ONNX Runtime, NumPy and GStreamer release the interpreter's lock while they work. Silence is not encoded.
"""

import argparse
import json
import math
import os
import sys
import threading
import time
import uuid

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gi
import numpy as np
import onnxruntime
import paho.mqtt.client as mqtt

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import Gst, GstApp  # noqa: E402, F401 (GstApp gives appsinks their methods)

KINDS = ("sound", "speech")
MERGE_GAP = {"sound": 0.3, "speech": 0.2}
ON, OFF, MIN_DURATION, UPDATE_EVERY, BOX_LEVEL = 0.6, 0.4, 0.15, 0.5, 0.5
GATE = 10 ** (-55 / 10)  # mean square
NEWEST = 0.5

LAUNCH = """
filesrc location="{clip}" ! decodebin name=decoder expose-all-streams=false caps="video/x-raw(ANY);audio/x-raw(ANY)"
decoder. ! videorate drop-only=true ! video/x-raw,framerate={fps}/1 ! videoconvert
  ! videoscale name=picture method=bilinear2 add-borders=true
  ! video/x-raw,format=RGB,width={size},height={size},pixel-aspect-ratio=1/1
  ! appsink name=video sync={live} drop={live} max-buffers=8 enable-last-sample=false
decoder. ! audioconvert ! audioresample ! audio/x-raw,format=F32LE,channels=1,rate={rate}
  ! appsink name=audio sync={live} drop={live} max-buffers=256 enable-last-sample=false
"""


class Model:
    """Both encoders, shared by all cameras, and what the manifest says about them."""

    def __init__(self, folder: str, manifest: dict) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.encoders = {
            name: onnxruntime.InferenceSession(
                os.path.join(folder, manifest[name]["file"]), options, ["CPUExecutionProvider"]
            )
            for name in ("image", "audio")
        }
        self.size = manifest["image"]["width"]
        self.grid = manifest["image"]["grid"]["width"]
        self.rate = manifest["audio"]["sample_rate"]
        self.stride = round(self.rate / manifest["audio"]["feature_rate"])
        self.first = round(manifest["audio"]["first_feature"] * self.rate)
        self.maps = [(h["calibration"]["slope"], h["calibration"]["offset"]) for h in manifest["heads"]]

    def image(self, frame: np.ndarray) -> np.ndarray:
        """`[heads, code, cells]` of one frame."""
        (features,) = self.encoders["image"].run(["features"], {"frames": frame[None]})
        return features.reshape(len(KINDS), -1, self.grid * self.grid)

    def audio(self, window: np.ndarray) -> np.ndarray:
        """`[heads, steps, code]` of one window."""
        (features,) = self.encoders["audio"].run(["features"], {"waveform": window[None]})
        steps = features.shape[2]
        return features[0].reshape(len(KINDS), -1, steps).transpose(0, 2, 1)


class Event:
    """One event of one head."""

    def __init__(self, onset: float) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.onset = self.last = onset
        self.active = self.score = 0.0
        self.seq = 0
        self.announced: float | None = None
        self.recent: list[tuple[float, np.ndarray]] = []

    def add(self, end: float, step: float, score: float, heat: np.ndarray) -> None:
        """Takes the next step in which the score is up."""
        self.last = end
        self.active += step
        self.score = max(self.score, score)
        self.recent = [(t, h) for t, h in self.recent if t > end - NEWEST] + [(end, heat)]


class Camera:
    """One clip, from capture to events."""

    def __init__(self, name: str, options: argparse.Namespace, model: Model, client: mqtt.Client) -> None:
        self.name, self.model, self.client, self.topic = name, model, client, options.topic
        self.live = not options.fast
        self.hop = round(options.hop * model.rate)
        self.lookahead = round(options.lookahead * model.rate)
        self.window = round(options.window * model.rate / model.stride) * model.stride
        self.samples = np.zeros(self.window + 4 * model.rate, np.float32)
        self.begin: int | None = None
        self.end = 0
        self.frames: list[tuple[float, np.ndarray]] = []
        self.encoded: tuple[float, np.ndarray] | None = None
        self.step: int | None = None
        self.events: list[Event | None] = [None] * len(KINDS)
        self.counts = {"hops": 0, "windows": 0, "images": 0, "late": 0}
        self.pipeline = Gst.parse_launch(
            LAUNCH.format(
                clip=options.clip,
                fps=options.fps,
                size=model.size,
                rate=model.rate,
                live=str(self.live).lower(),
            )
        )
        self.video = self.pipeline.get_by_name("video")
        self.sound = self.pipeline.get_by_name("audio")

    def run(self) -> None:
        """Plays the clip to its end."""
        self.pipeline.set_state(Gst.State.PLAYING)
        self.pipeline.get_state(10 * Gst.SECOND)
        clock = self.pipeline.get_clock()
        self.zero = time.time() - (clock.get_time() - self.pipeline.get_base_time()) / 1e9
        self.shape()
        number = 1
        while True:
            while (self.begin is None or self.end < self.due(number)) and self.take_sound():
                pass
            if self.begin is None or self.end < self.due(number):
                break
            while self.end >= self.due(number + 1):
                number += 1
                self.counts["late"] += 1
            self.take_frames(self.due(number))
            self.infer(self.due(number), self.due(number) - self.lookahead)
            number += 1
        last = self.end - 1
        self.take_frames(None)
        # Silence takes the place of the future until every step is final.
        while self.step * self.model.stride + self.model.first <= last:
            self.infer(self.due(number), min(self.due(number) - self.lookahead, last), ended=True)
            number += 1
        for head in range(len(KINDS)):
            self.finish(head)
        self.pipeline.set_state(Gst.State.NULL)

    def shape(self) -> None:
        """Finds the part of the model's picture that the source fills."""
        caps = self.pipeline.get_by_name("picture").get_static_pad("sink").get_current_caps()
        structure = caps.get_structure(0)
        grid = self.model.grid
        share = min(1.0, structure.get_value("height") / structure.get_value("width"))
        self.top, self.height = (1 - share) / 2, share
        rows = (np.arange(grid) + 0.5) / grid
        inside = (rows >= self.top) & (rows <= self.top + share)
        self.inside = np.repeat(inside, grid)

    def due(self, number: int) -> int:
        """Sample index of the end of a hop, on the encoder's own grid of steps."""
        return -(-(self.begin + number * self.hop) // self.model.stride) * self.model.stride

    def take_sound(self) -> bool:
        """Waits for one buffer of samples; false at the end."""
        sample = self.sound.try_pull_sample(Gst.SECOND)
        if sample is None:
            return not self.sound.is_eos()
        buffer = sample.get_buffer()
        _, info = buffer.map(Gst.MapFlags.READ)
        samples = np.frombuffer(info.data, np.float32)
        if self.begin is None:
            start = sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts)
            self.begin = self.end = round(start * self.model.rate / 1e9)
        at = self.end % len(self.samples)
        first = min(len(samples), len(self.samples) - at)
        self.samples[at : at + first] = samples[:first]
        self.samples[: len(samples) - first] = samples[first:]
        self.end += len(samples)
        buffer.unmap(info)
        return True

    def take_frames(self, until: int | None) -> None:
        """Takes what has arrived; of a file read as fast as possible, all frames up to a sample index."""
        while True:
            if not self.live and until is not None and self.frames:
                if self.frames[-1][0] >= until / self.model.rate:
                    return
            sample = self.video.try_pull_sample(0 if self.live and until is not None else Gst.SECOND)
            if sample is None:
                if until is not None or self.video.is_eos():
                    return
                continue
            buffer = sample.get_buffer()
            time = sample.get_segment().to_running_time(Gst.Format.TIME, buffer.pts) / 1e9
            _, info = buffer.map(Gst.MapFlags.READ)
            frame = np.frombuffer(info.data, np.uint8).reshape(self.model.size, self.model.size, 3)
            self.frames.append((time, frame.copy()))
            buffer.unmap(info)
            del self.frames[:-64]

    def infer(self, end: int, final: int, ended: bool = False) -> None:
        """Grounds the steps that have become final."""
        model = self.model
        start = end - self.window
        first = start // model.stride
        if self.step is None:
            self.step = -(-(self.begin - model.first) // model.stride)
        self.step = max(self.step, first)
        known = math.inf if ended or self.video.is_eos() else self.frames[-1][0] if self.frames else -1
        window = features = None
        while self.step < end // model.stride:
            center = self.step * model.stride + model.first
            time = center / model.rate
            if center > final or time > known:
                break
            if window is None:
                window = self.read(start, end)
            around = window[max(0, center - start - model.stride // 2) : center - start + model.stride // 2]
            if not self.frames or float(around @ around) < GATE * len(around):
                self.judge(time, None, None)
            else:
                if features is None:
                    features = model.audio(window)
                    self.counts["windows"] += 1
                image = self.encode(time)
                volume = np.matmul(features[:, None, self.step - first], image)[:, 0]
                self.judge(time, np.where(self.inside, volume, -np.inf).max(1), volume)
            self.step += 1
        self.counts["hops"] += 1

    def read(self, start: int, end: int) -> np.ndarray:
        """Samples of a window; zeros where there are none."""
        at = np.arange(start, end)
        present = (at >= self.begin) & (at < self.end)
        return np.where(present, self.samples[at % len(self.samples)], 0).astype(np.float32)

    def encode(self, time: float) -> np.ndarray:
        """Features of the frame nearest in time; each frame is encoded once."""
        pts, frame = min(self.frames, key=lambda held: abs(held[0] - time))
        if self.encoded is None or self.encoded[0] != pts:
            self.encoded = pts, self.model.image(frame)
            self.counts["images"] += 1
        return self.encoded[1]

    def judge(self, time: float, activation: np.ndarray | None, volume: np.ndarray | None) -> None:
        """Turns one step into the messages of each head's event."""
        step = self.model.stride / self.model.rate
        start, end = max(0.0, time - step / 2), time + step / 2
        for head, (slope, offset) in enumerate(self.model.maps):
            event = self.events[head]
            if event and start - event.last >= MERGE_GAP[KINDS[head]] - 1e-9:
                self.finish(head)
                event = None
            if activation is None:
                continue
            score = 1 / (1 + math.exp(-(slope * float(activation[head]) + offset)))
            lasting = event is not None and event.last > start - 1e-6
            if score < (OFF if lasting else ON):
                continue
            if event is None:
                event = self.events[head] = Event(start)
            event.add(end, step, score, volume[head])
            if event.announced is None and event.active >= MIN_DURATION:
                self.publish(head, event, "new")
            elif event.announced is not None and event.last - event.announced >= UPDATE_EVERY:
                self.publish(head, event, "update")

    def finish(self, head: int) -> None:
        """Ends a head's event."""
        event, self.events[head] = self.events[head], None
        if event and event.announced is not None:
            self.publish(head, event, "end")

    def publish(self, head: int, event: Event, kind: str) -> None:
        """Sends one message."""
        peak, box = self.region(np.mean([heat for _, heat in event.recent], 0))
        offset = event.last if kind == "end" else None
        message = {
            "id": event.id,
            "type": kind,
            "seq": event.seq,
            "pipeline": self.name,
            "kind": KINDS[head],
            "onset": self.zero + event.onset,
            "stream": {"onset": event.onset, "offset": offset},
            "duration": event.last - event.onset,
            "score": event.score,
            "peak": peak,
            "box": box,
        }
        self.client.publish(f"{self.topic}/{self.name}/event", json.dumps(message), qos=1)
        event.seq += 1
        event.announced = event.last

    def region(self, heat: np.ndarray) -> tuple[list[float], list[float]]:
        """Peak, and the box of what is connected with it above half of its height; 0..1 of the source picture."""
        grid = self.model.grid
        heat = np.where(self.inside, np.maximum(heat, 0), 0).reshape(grid, grid)
        y, x = np.unravel_index(heat.argmax(), heat.shape)
        above = heat >= BOX_LEVEL * heat[y, x]
        part = np.zeros_like(above)
        part[y, x] = True
        while True:
            grown = part.copy()
            grown[1:] |= part[:-1]
            grown[:-1] |= part[1:]
            grown[:, 1:] |= part[:, :-1]
            grown[:, :-1] |= part[:, 1:]
            grown &= above
            if (grown == part).all():
                break
            part = grown
        rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
        down = [min(max((v / grid - self.top) / self.height, 0), 1) for v in (rows[0], y + 0.5, rows[-1] + 1)]
        right = [columns[0] / grid, (x + 0.5) / grid, (columns[-1] + 1) / grid]
        return [right[1], down[1]], [right[0], down[0], right[2], down[2]]


def main() -> None:
    """Runs one thread per camera until all clips have ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", required=True)
    parser.add_argument("--model", required=True, help="folder of the model")
    parser.add_argument("--manifest", required=True, help="the model's manifest as JSON")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", default="whence")
    parser.add_argument("--camera", action="append", required=True, help="name; may be repeated")
    parser.add_argument("--fps", type=int, default=10)
    parser.add_argument("--window", type=float, default=2.0)
    parser.add_argument("--hop", type=float, default=0.2)
    parser.add_argument("--lookahead", type=float, default=0.2)
    parser.add_argument("--fast", action="store_true", help="as fast as possible instead of at the clip's pace")
    options = parser.parse_args()
    Gst.init(None)
    # PyGObject makes two classes of MapInfo, which do not fit, if two threads need it first at the same time.
    buffer = Gst.Buffer.new_wrapped(b"0")
    buffer.unmap(buffer.map(Gst.MapFlags.READ)[1])
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"peer-{uuid.uuid4().hex[:8]}")
    client.max_inflight_messages_set(100)
    client.connect("127.0.0.1", options.port)
    client.loop_start()
    model = Model(options.model, json.loads(options.manifest))
    cameras = [Camera(name, options, model, client) for name in options.camera]
    threads = [threading.Thread(target=camera.run) for camera in cameras]
    threading.excepthook = lambda failure: (sys.excepthook(*failure[:3]), os._exit(1))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while client.want_write() or client._out_messages:  # QoS 1: until the broker has acknowledged all
        time.sleep(0.01)
    client.loop_stop()
    client.disconnect()
    print(json.dumps({"counts": [camera.counts for camera in cameras]}), flush=True)


if __name__ == "__main__":
    main()
