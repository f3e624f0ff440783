"""A run's configuration: one YAML file, checked key by key."""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .batches import BatchConfig
from .curriculum import CurriculumConfig
from .nets import NetConfig
from .objective import LossWeights


@dataclass(frozen=True)
class Settings:
    """Everything a run depends on besides its media."""

    out: str
    pack: str | None = None
    core: bool = False  # leave out the pack's concepts beyond the shipped model's
    videos: str | None = None
    seed: int = 0
    steps: int | None = None  # the run's length: in steps …
    minutes: float | None = None  # … or in minutes of training, kills and restarts not counted
    device: str = "auto"  # auto | cpu | cuda
    precision: str = "auto"  # auto | fp32 | bf16
    threads: int = 1
    picture_trunk: str | None = None  # efficientnet-lite0-57934424.pth
    speech_trunk: str | None = None  # folder with embedding_model.onnx and melspectrogram.onnx
    start_from: str | None = None  # weights of an earlier run
    bank: int = 32  # prepared batches kept for replay
    replay: int = 1  # times a prepared batch is used, on average
    background: bool = False  # prepare batches in a thread beside training
    audio_rate: float = 1.0  # of the learning rate, for the audio encoder
    weight_decay: float = 0.02
    clip_norm: float = 5.0
    ema: float = 0.998
    log_every: int = 20
    checkpoint_seconds: float = 120.0
    net: NetConfig = field(default_factory=NetConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    curriculum: CurriculumConfig = field(default_factory=CurriculumConfig)
    loss: LossWeights = field(default_factory=LossWeights)

    def __post_init__(self) -> None:
        if (self.pack is None) == (self.videos is None):
            raise ValueError("Cannot train: one of pack and videos must be given, got both or none")
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("Cannot train: one of steps and minutes must be given")
        if self.batch.size != self.net.picture_size:
            raise ValueError(
                "Cannot train: batch.size must be net.picture_size, "
                f"got {self.batch.size} and {self.net.picture_size}"
            )


def build(kind: type[Any], values: dict[str, Any], where: str) -> Any:
    """A dataclass from YAML values. Raises ValueError that names the key."""
    hints = typing.get_type_hints(kind)
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            known = ", ".join(sorted(hints))
            raise ValueError(f"Cannot read {where}: a key must be one of {known}, got {key}")
        hint = hints[key]
        if dataclasses.is_dataclass(hint):
            arguments[key] = build(typing.cast("type[Any]", hint), value, f"{where}.{key}")
        else:
            arguments[key] = tuple(value) if isinstance(value, list) else value
    return kind(**arguments)


def load_settings(path: Path, **changes: Any) -> Settings:
    """Reads a YAML file; `changes` that are not None replace its top-level keys."""
    values = yaml.safe_load(path.read_text()) or {}
    values.update({key: value for key, value in changes.items() if value is not None})
    settings: Settings = build(Settings, values, str(path))
    return settings
