"""The picture of the document."""

from __future__ import annotations

import statistics
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes

from bench.measure import Results
from bench.plan import echo_name

mpl.use("agg")
from matplotlib import pyplot as plt

CELL = echo_name(200, 1)
OURS, OTHERS = "#c44e52", "#8c9bb0"


def _bars(axes: Axes, title: str, values: dict[str, list[float]]) -> None:
    """Draw medians, with the minimum and maximum of the rounds."""
    medians = {peer: statistics.median(rounds) for peer, rounds in values.items()}
    spread = [
        [medians[peer] - min(rounds) for peer, rounds in values.items()],
        [max(rounds) - medians[peer] for peer, rounds in values.items()],
    ]
    colours = [OURS if peer.startswith("ours") else OTHERS for peer in values]
    axes.barh(list(values), list(medians.values()), xerr=spread, color=colours, ecolor="#444444")
    axes.invert_yaxis()
    axes.set_title(title, fontsize=10)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def draw(results: Results, path: Path) -> None:
    """Write the picture to `path`."""
    figure, axes = plt.subplots(2, 2, figsize=(11, 8))

    def echo(place: Axes, title: str, name: str, scale: float = 1) -> None:
        _bars(
            place,
            title,
            {
                peer: [scale * value for value in results.all("echo", CELL, peer, name)]
                for peer in results.peers("echo", CELL)
            },
        )

    echo(axes[0][0], "thousand messages per second", "per_second", 1 / 1000)
    echo(axes[0][1], "CPU seconds per million messages", "cpu_us")
    echo(axes[1][0], "99th percentile, ms", "p99_us", 1 / 1000)
    _bars(
        axes[1][1],
        "KiB of memory per idle connection",
        {
            peer: [size / 1024 for size in results.all("memory", "idle", peer, "bytes")]
            for peer in results.peers("memory", "idle")
        },
    )
    figure.suptitle(
        "Echo, 1 KiB, 200 connections (less is better, except for messages per second; "
        "lines from minimum to maximum)",
        fontsize=10,
    )
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
