"""How the figures are to be read: the last part of the page, without what a run has not measured."""

from collections.abc import Iterator

from bench.peers import BY_SIGNATURE, FASTTRACKML, FILES, FLOOR, FORGETFUL, MLFLOW, TWO_WORKERS
from bench.run import Report
from bench.scenarios import CLIENT, UP

_BEGINNING = """\
The servers and the load generator share one machine and take turns: in each round every server is loaded for a short
window, one after the other, so that what slows the machine slows all of them. Requests a second and latencies are
medians of the rounds; a ratio is the median of the rounds' own ratios. MLflow's windows are longer. It takes part in
every round where most clients create, log, search runs or are MLflow's own, else in one."""
_PARTS = (
    (
        "",
        """\
- **modelkeep** is `modelkeep serve` with its defaults: one process, each answer sent after the commit is on the disk,
  its access log written to a file. It is called on its tenant path.""",
    ),
    (
        FORGETFUL,
        """\
  The server remembers the answers of look-ups until the next commit, and none comes while they are measured;
  **remembering nothing** is the same server with `--remembered-answers 0`, which asks its database each time.""",
    ),
    (
        TWO_WORKERS,
        """\
- **two workers** is the same with `--workers 2`. Each server has a database of its own on one PostgreSQL, with the
  settings that it comes with, on the same machine: what it takes of the processor is not in **CPU**. No answers are
  remembered on PostgreSQL, since others may write to it.""",
    ),
    (
        BY_SIGNATURE,
        """\
- **by token, by signature, by password** are servers of their own that differ in how one logs in, beside one where
  **nobody logs in**. Signatures are RSA's of 2,048 bits, as Oracle Cloud's clients make them, each over its own body;
  the server verifies every one.""",
    ),
    (
        FLOOR,
        """\
- **floor** is Granian alone, run as modelkeep runs it: it decodes the same body and answers as many bytes as modelkeep
  does, and stores nothing. No server on Granian's RSGI can be faster. **ASGI floor** is the same on ASGI.""",
    ),
    (
        MLFLOW,
        """\
- **mlflow server** runs with its defaults on @DATABASE@: four workers. It receives the same bodies on its own path. Of
  its 10,000 versions, 5,000 runs and 100,000 points, all but the first are copies of rows made in its database:
  creating them through its API takes minutes.""",
    ),
    (
        FASTTRACKML,
        """\
- **fml server** is FastTrackML with its defaults on SQLite. Its commits do not wait for the disk. It has no registry
  of models and does not proxy artifacts: with MLflow's client its runs are logged without a version, and the client
  writes the file to the disk itself.""",
    ),
    (
        FILES,
        """\
- **plain Granian**, for artifacts, writes what it is sent to a file, which is on the disk before the answer, as
  modelkeep's are, and answers that file. **Not flushing**, it leaves the disk to the kernel, as **nginx** does, which
  takes part where it is installed, and MLflow.""",
    ),
    (
        "",
        """\
- **Logging** goes to runs made for each window. Afterwards every answered request must have left its point.
  **Searches** have 200 different filters, and what some of them find is compared with what they should; the history is
  counted point by point, once. After that an answer that is too short counts as an error.""",
    ),
    (
        "",
        """\
- **Searches of runs and histories** count every answer until the last has come, since some take longer than a
  window.""",
    ),
    (
        CLIENT,
        """\
- **MLflow's client** runs in a process of its own, one run after another. **busy** is there the share of its time that
  it needs itself, whatever the server.""",
    ),
    (
        UP,
        """\
- **Artifacts** are random bytes, checked byte for byte in a server's first window, later by their length. **Most MiB
  more** is how far a server's resident memory rose above where it stood before a transfer, in any of the rounds.""",
    ),
    (
        "",
        """\
- **CPU** is the processor time that all processes of a server used for one answer, or one run, or one transfer. It
  depends least on who else is busy.""",
    ),
    (
        "",
        """\
- **Start** counts from exec: to the first answer of /health, to the first of the API, and the processor time used by
  then; modelkeep's is the median of three starts on an empty directory, its modules compiled as pip
  compiles them.""",
    ),
    (
        "",
        """\
- The load generator is one process that keeps one request on its way on each of its connections and reads only
  status and length of an answer. **busy** is the share of a core that it used: near 1.00 it limits what is
  measured.""",
    ),
)
"""Each with the server or scenario that it is about, "" for all."""


def reading(report: Report) -> str:
    """The text."""
    return "\n\n".join((_BEGINNING, "\n".join(_told(report)))).replace("@DATABASE@", report.database)


def _told(report: Report) -> Iterator[str]:
    measured = {window.scenario for window in report.windows} | {window.server for window in report.windows}
    for about, text in _PARTS:
        if not about or about in measured:
            yield text
