"""Times the published architecture in plain PyTorch: ViT-S/8 and HuBERT-large with their aligners.

usage: import_speed_torch.py THREADS RUNS SAMPLES; prints JSON with milliseconds of CPU time
a frame and a window.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """A pre-norm transformer block over [n, steps, width]."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width, eps=1e-4)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-4)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x):
        n, steps, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(-1)
        x = x + self.proj((weights @ v).transpose(1, 2).reshape(n, steps, width))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class ImageEncoder(nn.Module):
    """[n, 3, 224, 224] -> [n, 512, 28, 28]"""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 384, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, 384))
        self.positions = nn.Parameter(torch.zeros(1, 785, 384))
        self.blocks = nn.Sequential(*[Block(384, 6, 1536) for _ in range(12)])
        self.norm = nn.LayerNorm(384, eps=1e-4)
        self.align_norm = nn.LayerNorm(384, eps=1e-4)
        self.align = nn.Linear(384, 512)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions
        x = self.align(self.align_norm(self.norm(self.blocks(x))[:, 1:]))
        return x.transpose(1, 2).reshape(len(x), 512, 28, 28)


class AudioEncoder(nn.Module):
    """[n, samples] -> [n, 512, T]"""

    def __init__(self):
        super().__init__()
        kernels = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)]
        self.convs = nn.ModuleList(
            nn.Conv1d(1 if i == 0 else 512, 512, kernel, stride)
            for i, (kernel, stride) in enumerate(kernels)
        )
        self.conv_norms = nn.ModuleList(nn.LayerNorm(512) for _ in kernels)
        self.projection = nn.Sequential(nn.LayerNorm(512, eps=1e-4), nn.Linear(512, 1024))
        self.positions = nn.Conv1d(1024, 1024, 128, padding=64, groups=16)
        self.blocks = nn.Sequential(*[Block(1024, 16, 4096) for _ in range(24)])
        self.norm = nn.LayerNorm(1024, eps=1e-4)
        self.align_norm = nn.LayerNorm(1024, eps=1e-4)
        self.pools = nn.Sequential(nn.Conv1d(1024, 512, 3, 3), nn.Conv1d(512, 512, 3, 3))
        self.token = nn.Parameter(torch.zeros(1, 1, 516))
        self.block = Block(516, 6, 2064)

    def forward(self, x):
        x = x[:, None]
        for conv, norm in zip(self.convs, self.conv_norms):
            x = F.gelu(norm(conv(x).transpose(1, 2)).transpose(1, 2))
        x = self.projection(x.transpose(1, 2))
        x = x + F.gelu(self.positions(x.transpose(1, 2))[..., :-1]).transpose(1, 2)
        x = self.align_norm(self.norm(self.blocks(x)))
        x = F.pad(self.pools(x.transpose(1, 2)).transpose(1, 2), [4, 0])
        x = self.block(torch.cat([self.token.expand(len(x), -1, -1), x], 1))
        return x[:, 1:, 4:].transpose(1, 2)


def milliseconds(model, x, runs):
    """Median CPU time of a call, the first left out."""
    times = []
    for _ in range(runs + 1):
        start = time.process_time()
        model(x)
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times[1:])


def main():
    threads, runs, samples = (int(argument) for argument in sys.argv[1:4])
    torch.set_num_threads(threads)
    with torch.inference_mode():
        image = milliseconds(ImageEncoder().eval(), torch.randn(1, 3, 224, 224), runs)
        audio = milliseconds(AudioEncoder().eval(), torch.randn(1, samples), runs)
    print(json.dumps({"image": image, "audio": audio, "version": torch.__version__}))


if __name__ == "__main__":
    main()
