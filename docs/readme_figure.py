"""Draws the figure of the README: ``python docs/readme_figure.py`` (needs matplotlib)."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from jaxact import plotting

FUNCTIONS = {"tanh": (-20, 20), "gelu": (-12, 12), "mish": (-95, 20)}


def main() -> None:
    """Draw and save."""
    figure, axes = plt.subplots(1, len(FUNCTIONS), figsize=(12, 3.2), layout="constrained")
    for ax, (name, xlim) in zip(axes, FUNCTIONS.items(), strict=True):
        spare = plt.figure().subplots()
        plotting.ulps(name, xlim=xlim, axes=(spare, ax))
        plt.close(spare.figure)
        ax.set_title(f"slope of {name}, float32")
    axes[0].get_legend() and axes[0].get_legend().remove()
    axes[-1].legend(loc="center", markerscale=1.5)
    for ax in axes[1:]:
        ax.set_ylabel("")
    figure.savefig(Path(__file__).parent / "_static" / "readme.png", dpi=110)


if __name__ == "__main__":
    main()
