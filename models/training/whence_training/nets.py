"""The two encoders: dense features of a picture, dense features of a stretch of sound."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .frontend import LogMel, PowerSpectrum
from .trunks import LITE0_TAP_CHANNELS, SPEECH_CHANNELS, PictureTrunk, SpeechTrunk

MEL_BANDS = 64
FRAMES_PER_FEATURE = 8  # of 10 ms: 12.5 features a second
# A convolution of stride 2 centers its cell i on pixel 2 i, not on the middle of the two pixels that
# the cell stands for. Over the strides this adds up to 3.5 pixels at stride 8 and 7.5 at stride 16;
# the pretrained trunk, whose kernels learned with padding on one side alone, lies further off. The
# picture is moved by as much before it is encoded: in pixels, by backbone, the latter measured on
# validation scenes.
GRID_SHIFT = {"scratch": 6, "lite0": 9}
OPEN_GATE = 4.0


@dataclass(frozen=True)
class NetConfig:
    """Sizes of both encoders; `channels` is heads × code dimension."""

    channels: int = 128
    heads: int = 2
    backbone: str = "scratch"  # scratch | lite0
    speech: bool = False  # whether the pretrained speech embedding feeds the audio encoder
    picture_size: int = 128
    picture_width: int = 96
    picture_blocks: int = 1  # residual blocks on the merged maps
    sound_width: int = 48
    audio_width: int = 192
    audio_blocks: int = 2
    audio_kernel: int = 5
    own_blocks: int = 0  # time blocks of each head alone, after the shared ones
    word_path: bool = False  # whether the speech head has a path of its own (needs own_blocks)

    @property
    def grid(self) -> int:
        return self.picture_size // 8

    @property
    def code_scale(self) -> float:
        """Keeps dot products of unit-variance codes near unit scale; folded into the export."""
        return float((self.channels // self.heads) ** -0.5)


def conv_norm(channels_in: int, out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, out, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(),
    )


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_norm(channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))))


class ScratchTrunk(nn.Module):
    """A small residual net trained with everything else; taps at strides 8 and 16."""

    def __init__(self, width: int) -> None:
        super().__init__()
        quarter, half = width // 4, width // 2
        self.fine = nn.Sequential(
            conv_norm(3, quarter, 5, 2),
            conv_norm(quarter, half, 3, 2),
            Residual(half),
            conv_norm(half, width, 3, 2),
            Residual(width),
            Residual(width),
        )
        self.coarse = nn.Sequential(conv_norm(width, 2 * width, 3, 2), Residual(2 * width))

    def forward(self, x: Tensor) -> list[Tensor]:
        fine = self.fine(x)
        return [fine, self.coarse(fine)]


class PictureNet(nn.Module):
    """`frames uint8 [n, H, W, 3]` → `features [n, C, H/8, W/8]`.

    `taps` and `merge` are its two halves: with a frozen trunk the taps of a picture can be kept
    and merged many times.
    """

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        width = config.picture_width
        self.size, self.grid = config.picture_size, config.grid
        self.pretrained = config.backbone == "lite0"
        self.shift = GRID_SHIFT[config.backbone]
        if self.pretrained:
            self.trunk: nn.Module = PictureTrunk()
            inputs = LITE0_TAP_CHANNELS
            self.strides: tuple[int, ...] = (4, 8, 16)
        else:
            self.trunk = ScratchTrunk(width)
            inputs, self.strides = (width, 2 * width), (8, 16)
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(i, width, 1, bias=False), nn.BatchNorm2d(width)) for i in inputs
        )
        blocks = [Residual(width) for _ in range(config.picture_blocks)]
        self.refine = nn.Sequential(nn.ReLU(), *blocks)
        self.code = nn.Sequential(
            conv_norm(width, 2 * width, 1),
            nn.Conv2d(2 * width, config.channels, 1),
            nn.BatchNorm2d(config.channels, affine=False),
        )

    def taps(self, frames: Tensor) -> list[Tensor]:
        """`frames uint8 [n, H, W, 3]` → the trunk's maps."""
        x = (frames.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        x = F.pad(x[..., self.shift :, self.shift :], (0, self.shift, 0, self.shift), "replicate")
        maps: list[Tensor] = self.trunk(x.contiguous(memory_format=torch.channels_last))
        return maps

    def merge(self, taps: list[Tensor]) -> Tensor:
        """The trunk's maps → `features [n, C, h, w]`."""
        total: Tensor | None = None
        for stride, tap, lateral in zip(self.strides, taps, self.lateral, strict=True):
            x = F.avg_pool2d(tap, 2) if stride == 4 else tap
            x = lateral(x)
            if stride > 8:
                x = F.interpolate(x, scale_factor=float(stride // 8), mode="nearest")
            total = x if total is None else total + x
        features: Tensor = self.code(self.refine(total))
        return features

    def forward(self, frames: Tensor) -> Tensor:
        return self.merge(self.taps(frames))


class TimeBlock(nn.Module):
    """Depthwise convolution over time, then two pointwise ones; residual."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.norm = nn.BatchNorm1d(channels)
        self.widen = nn.Conv1d(channels, 3 * channels, 1)
        self.narrow = nn.Conv1d(3 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        x_out: Tensor = x + self.narrow(F.relu(self.widen(self.norm(self.mix(x)))))
        return x_out


class AudioPath(nn.Module):
    """`mel [n, 64, frames]` and a speech embedding `[n, 96, T]` → a map `[n, width, T]`."""

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        w, width = config.sound_width, config.audio_width
        self.local = nn.Sequential(
            conv_norm(1, w // 2, 3, 2), conv_norm(w // 2, w, 3, 2), conv_norm(w, 2 * w, 3, 2)
        )
        self.flat = nn.Conv1d(2 * w * MEL_BANDS // 8, width, 1)
        self.speech_in = nn.Sequential(
            nn.BatchNorm1d(SPEECH_CHANNELS), nn.Conv1d(SPEECH_CHANNELS, width, 3, padding=1)
        )
        blocks = [TimeBlock(width, config.audio_kernel) for _ in range(config.audio_blocks)]
        self.blocks = nn.Sequential(*blocks, nn.BatchNorm1d(width))

    def walk(self, mel: Tensor, speech: Tensor | None) -> Tensor:
        x = self.flat(self.local(mel[:, None]).flatten(1, 2))
        if speech is not None:
            x = x + self.speech_in(speech)
        out: Tensor = self.blocks(x)
        return out


class WordPath(AudioPath):
    """The speech head's own path: everything after the speech trunk's early layers once more."""

    def __init__(self, config: NetConfig, trunk: SpeechTrunk) -> None:
        super().__init__(config)
        self.late = nn.ModuleList(copy.deepcopy(layer) for layer in trunk.late_layers())

    def begin_as(self, other: AudioNet) -> None:
        """Takes the weights of the path that both heads shared so far."""
        ours, theirs = self.state_dict(), other.state_dict()
        self.load_state_dict({name: theirs.get(name, value) for name, value in ours.items()})
        assert other.speech is not None
        for mine, shared in zip(self.late, other.speech.late_layers(), strict=True):
            mine.load_state_dict(shared.state_dict())


class AudioNet(AudioPath):
    """`waveform [n, samples]`, 16 kHz → `features [n, C, ceil(samples // 160 / 8)]`, 12.5 Hz.

    Both heads read one path or, with `word_path`, the speech head one of its own. `inputs`,
    `shared`, `words` and `read` are its parts: what an earlier part gives can be kept while later
    ones train.
    """

    def __init__(self, config: NetConfig) -> None:
        super().__init__(config)
        width = config.audio_width
        self.spectrum = PowerSpectrum()
        self.log_mel = LogMel(MEL_BANDS)
        self.speech = SpeechTrunk() if config.speech else None
        self.heads = config.heads
        self.own = nn.ModuleList(
            nn.Sequential(
                *(TimeBlock(width, config.audio_kernel) for _ in range(config.own_blocks))
            )
            for _ in range(config.heads if config.own_blocks else 0)
        )
        self.word: WordPath | None = None
        if config.word_path:
            if self.speech is None or not config.own_blocks or config.heads != 2:
                raise ValueError("Cannot build: word_path needs speech, own_blocks and two heads")
            self.word = WordPath(config, self.speech)
        # With blocks of its own, each head reads its own map alone.
        groups = config.heads if config.own_blocks else 1
        self.code = nn.Sequential(
            nn.Conv1d(width * groups, config.channels, 1, groups=groups),
            nn.BatchNorm1d(config.channels, affine=False),
        )
        # Open at first, so that a head is heard before its gate has learned anything.
        self.gate = nn.Conv1d(width * groups, config.heads, 1, groups=groups)
        nn.init.zeros_(self.gate.weight)
        nn.init.constant_(cast(Tensor, self.gate.bias), OPEN_GATE)
        # Per head: slope and offset of the gate's logit as the odds that its kind is heard.
        self.register_buffer("presence_fit", torch.tensor([[1.0, 0.0]]).repeat(config.heads, 1))

    def inputs(self, waveform: Tensor) -> tuple[Tensor, Tensor | None]:
        """What needs no gradient: log-mel and the speech trunk's embedding or, with a path of its
        own for words, the early maps that both paths read."""
        with torch.autocast(waveform.device.type, enabled=False):
            power = self.spectrum(waveform.float())
            mel = self.log_mel(power)
        if self.speech is None:
            return mel, None
        if self.word is None:
            return mel, self.speech(power)
        return mel, self.speech.early(self.speech.scaled(power))

    def shared(self, mel: Tensor, speech: Tensor | None) -> Tensor:
        """The path that both heads read, or the sound head alone."""
        if self.word is not None and self.speech is not None and speech is not None:
            speech = self.speech.late(speech)
        return self.walk(mel, speech)

    def words(self, mel: Tensor, early: Tensor) -> Tensor:
        """The speech head's own path."""
        assert self.word is not None
        assert self.speech is not None
        return self.word.walk(mel, self.speech.late(early, self.word.late))

    def read(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """One map for both heads or one for each → `features [n, C, T]`, gates `[n, K, T]`.

        A head's codes are multiplied by the sigmoid of its gate: is there anything of its kind?
        Normalised codes have no zero of their own, with which a head could stay silent.
        """
        if len(self.own):
            each = maps if len(maps) > 1 else maps * self.heads
            own = [block(part) for block, part in zip(self.own, each, strict=True)]
            gate: Tensor = self.gate(torch.cat(own, 1))
            # With a path for words, sounds keep the codes of the path they had.
            x = torch.cat([each[0], *own[1:]] if self.word is not None else own, 1)
        else:
            (x,) = maps
            gate = self.gate(x)
        codes: Tensor = self.code(x)
        heads = zip(codes.chunk(self.heads, 1), gate.sigmoid().split(1, 1), strict=True)
        return torch.cat([code * share for code, share in heads], 1), gate

    def gated(self, mel: Tensor, speech: Tensor | None) -> tuple[Tensor, Tensor]:
        """`inputs`' parts → `features [n, C, T]`, gates `[n, K, T]`."""
        maps = [self.shared(mel, speech)]
        if self.word is not None and speech is not None:
            maps.append(self.words(mel, speech))
        return self.read(maps)

    def merge(self, mel: Tensor, speech: Tensor | None) -> Tensor:
        """The features of `gated` alone."""
        return self.gated(mel, speech)[0]

    def presence(self, gate: Tensor) -> Tensor:
        """Gates `[n, K, T]` → the probability that something of each head's kind is heard."""
        slope, offset = cast(Tensor, self.presence_fit)[None, :, :, None].unbind(2)
        return torch.sigmoid(slope * gate + offset)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.merge(*self.inputs(waveform))


class Aligner(nn.Module):
    """Both encoders and the learned calibration of the contrastive loss."""

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        self.config = config
        self.picture = PictureNet(config)
        self.audio = AudioNet(config)
        if not config.speech:
            for parameter in self.audio.speech_in.parameters():
                parameter.requires_grad_(False)
        self.log_temperature = nn.Parameter(torch.zeros(()))
        # Per head: how activation becomes the odds of "matched"; see losses.matching.
        self.slope = nn.Parameter(torch.full((config.heads,), 4.0))
        self.offset = nn.Parameter(torch.full((config.heads,), -4.0))

    def load_trunks(self, picture: Path | None, speech: Path | None) -> None:
        if picture is not None and isinstance(self.picture.trunk, PictureTrunk):
            self.picture.trunk.load_published(picture)
        if speech is not None and self.audio.speech is not None:
            self.audio.speech.load_published(speech)

    def frozen_parts(self) -> list[nn.Module]:
        """Pretrained trunks, kept fixed and in evaluation mode unless the run unfreezes them."""
        parts: list[nn.Module] = []
        if self.picture.pretrained:
            parts.append(self.picture.trunk)
        if self.audio.speech is not None:
            parts.append(self.audio.speech)
        return parts
