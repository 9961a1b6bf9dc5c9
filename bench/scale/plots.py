"""The curves as pictures: the time of an answer over the share of the records, both axes logarithmic."""

from pathlib import Path

from bench.scale.report import Report, image_name, shape

_FLAT_COLOUR, _LOGARITHMIC_COLOUR, _LINEAR_COLOUR = "#8a94a3", "#2f6fb3", "#c0392b"


def draw(report: Report, images: Path) -> list[Path]:
    """One picture for each engine and group of questions."""
    import matplotlib as mpl

    mpl.use("svg")
    # The same run draws the same file: no random names, no date.
    mpl.rcParams["svg.hashsalt"] = "modelkeep"
    images.mkdir(parents=True, exist_ok=True)
    drawn = []
    for engine in report.engines:
        for group in dict.fromkeys(group for group, _ in report.questions):
            drawn.append(images / image_name(engine, group))
            _draw(report, engine, group, drawn[-1])
    return drawn


def _draw(report: Report, engine: str, group: str, file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    grows = []
    for of, name in report.questions:
        curve = report.curve(engine, of, name)
        if of != group or not all(curve):
            continue
        kind = shape(curve)
        colour = {"flat": _FLAT_COLOUR, "logarithmic": _LOGARITHMIC_COLOUR}.get(kind, _LINEAR_COLOUR)
        axes.plot(report.shares, curve, marker="o", markersize=3, linewidth=1.2, color=colour)
        if kind != "flat":
            grows.append((curve[-1], name, colour))
    for value, name, colour in sorted(grows)[-12:]:
        axes.annotate(
            f" {name}", (report.shares[-1], value), fontsize=7, color=colour, va="center", annotation_clip=False
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(report.shares, [f"{share:.0%}" for share in report.shares])
    axes.minorticks_off()
    axes.set_xlabel("share of the records")
    axes.set_ylabel("p50, ms")
    axes.set_title(f"{group}, {engine}: grey is flat, blue logarithmic, red linear", fontsize=9)
    axes.grid(visible=True, axis="y", linewidth=0.3)
    figure.savefig(file, format="svg", metadata={"Date": None})
