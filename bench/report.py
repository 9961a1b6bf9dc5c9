"""What a run found, as a person reads it: the same text on the terminal and in docs/benchmarks.md."""

from collections.abc import Iterator
from statistics import median

from bench.comparison import compared, gaps
from bench.measure import Results, Window
from bench.peers import FLOOR, MLFLOW, MODELKEEP
from bench.registry import CREATE
from bench.run import Report
from bench.scenarios import GROUPS, SCENARIOS
from bench.tables import number, table

_READING = """\
The servers and the load generator share one machine and take turns: in each round every server is loaded for a short
window, one after the other, so that what slows the machine slows all of them. Requests a second and latencies are
medians of the rounds; a ratio is the median of the rounds' own ratios. MLflow's windows are longer. It takes part in
every round where most clients create, log, search runs or are MLflow's own, else in one.

- **modelkeep** is `modelkeep serve` with its defaults: one process, each answer sent after the commit is on the disk,
  its access log written to a file. It is called on its tenant path. It remembers the answers of look-ups until the next
  commit, and none comes while they are measured; **remembering nothing** is the same server with
  `--remembered-answers 0`, which asks its database each time.
- **floor** is Granian alone, run as modelkeep runs it: it decodes the same body and answers as many bytes as modelkeep
  does, and stores nothing. No server on Granian's RSGI can be faster. **ASGI floor** is the same on ASGI.
- **mlflow server** runs with its defaults on SQLite: four workers. It receives the same bodies on its own path. Of its
  10,000 versions, 5,000 runs and 100,000 points, all but the first are copies of rows made in its database: creating
  them through its API takes minutes.
- **fml server** is FastTrackML with its defaults on SQLite. Its commits do not wait for the disk. It has no registry
  of models and does not proxy artifacts: with MLflow's client its runs are logged without a version, and the client
  writes the file to the disk itself.
- **plain Granian**, for artifacts, writes what it is sent to a file, which is on the disk before the answer, as
  modelkeep's are, and answers that file. **Not flushing**, it leaves the disk to the kernel, as **nginx** does, which
  takes part where it is installed, and MLflow.
- **Logging** goes to runs made for each window. Afterwards every answered request must have left its point.
  **Searches** have 200 different filters, and what some of them find is compared with what they should; the history is
  counted point by point, once. After that an answer that is too short counts as an error.
- **Searches of runs and histories** count every answer until the last has come, since some take longer than a window.
- **MLflow's client** runs in a process of its own, one run after another. **busy** is there the share of its time that
  it needs itself, whatever the server.
- **Artifacts** are random bytes, checked byte for byte in a server's first window, later by their length. **Most MiB
  more** is how far a server's resident memory rose above where it stood before a transfer, in any of the rounds.
- **CPU** is the processor time that all processes of a server used for one answer, or one run, or one transfer. It
  depends least on who else is busy.
- **Start** counts from exec: to the first answer of /health, to the first of the API, and the processor time used by
  then; modelkeep's is the median of three starts on an empty directory.
- The load generator is one process that keeps one request on its way on each of its connections and reads only
  status and length of an answer. **busy** is the share of a core that it used: near 1.00 it limits what is measured."""


def markdown(report: Report) -> str:
    """The whole page."""
    return "\n\n".join(["# Benchmarks", *_parts(report)]) + "\n"


def _parts(report: Report) -> Iterator[str]:
    results = Results(report.windows)
    measured = {window.scenario for window in report.windows} | {gap.scenario for gap in report.unmeasured}
    yield headline(report)
    yield f"Measured on {report.date} by `{report.command}` in {report.took_seconds / 60:.1f} minutes, on:"
    yield "\n".join(f"- {line}" for line in report.machine.lines())
    if results.failures or report.unmeasured:
        yield "**This run had errors, listed below: figures that they touch do not count.**"
    yield "## Lines to reach"
    marks = {True: "reached", False: "**not reached**"}
    rows = [
        (line.what, line.wanted, line.found or "not measured", marks[line.reached] if line.found else "")
        for line in report.lines
    ]
    yield table(("", "wanted", "found", ""), rows)
    for group in GROUPS:
        if group.name in report.course.groups:
            for scenario in dict.fromkeys(scenario for _, scenario in group.entries if scenario in measured):
                yield f"## {SCENARIOS[scenario].meaning}"
                yield compared(results, scenario, group.clients(report.course.clients))
                yield from gaps(report, group, scenario)
    yield "## Start and memory"
    yield _footprints(report)
    yield "## How to read this"
    yield _READING
    yield _generator(results, report)
    yield "## Errors"
    yield (
        "\n".join(_failure(window) for window in results.failures)
        or "None: every answer was 2xx, and what was asked for was in it."
    )


def headline(report: Report) -> str:
    """The run in one sentence."""
    results, clients = Results(report.windows), report.course.clients[-1]
    rate = results.rate(MODELKEEP, CREATE, clients)
    if rate is None:
        return "Creating versions was not measured in this run."
    said = [f"**{rate:,.0f} durable model versions a second at {clients} clients**"]
    if (floor := results.to_floor(MODELKEEP, FLOOR, CREATE, clients)) is not None:
        said.append(f"{floor:.2f} of a bare server that stores nothing")
    if (times := results.ratio((MODELKEEP, CREATE), (MLFLOW, CREATE), clients)) is not None:
        said.append(f"{times:.0f} × MLflow on SQLite")
    return ", ".join(said) + "."


def _footprints(report: Report) -> str:
    rows = [
        (
            server,
            number(seen.started.health, 2),
            number(seen.started.first_answer, 2),
            number(seen.started.cpu, 2),
            str(seen.idle.processes),
            number(seen.idle.resident),
            number(seen.idle.proportional),
            number(seen.loaded.resident),
            number(seen.loaded.proportional),
        )
        for server, seen in report.footprints.items()
    ]
    memory = ("idle RSS MiB", "idle PSS MiB", "RSS after load", "PSS after load")
    return table(("server", "/health s", "API s", "CPU s", "processes", *memory), rows)


def _generator(results: Results, report: Report) -> str:
    scenarios = list(dict.fromkeys(window.scenario for window in report.windows if window.server == FLOOR))
    rates = [
        (rate, scenario, count)
        for scenario in scenarios
        for count in report.course.clients
        if (rate := results.rate(FLOOR, scenario, count)) is not None
    ]
    if not rates:
        return ""
    rate, scenario, count = max(rates)
    others = results.others
    return (
        f"The most that the generator sent to the floor in this run is {rate:,.0f} requests a second\n"
        f"({scenario}, {count} clients). Processes that are not measured used {median(others):.0%} of the machine's\n"
        f"processor time in the median window and {others[-1]:.0%} in the worst."
    )


def _failure(window: Window) -> str:
    outcome = window.outcome
    where = f"{window.server}, {window.scenario}, {window.clients} clients, round {window.round + 1}"
    return f"- {where}: {outcome.errors} beside {outcome.answered} answers. The first: `{outcome.sample[:300]!r}`"
