"""How a row is told: as a line when it ends, and in the table of all."""
import dataclasses
import pathlib


@dataclasses.dataclass
class Result:
    row: object
    facts: object = None
    reasons: list = dataclasses.field(default_factory=list)
    skipped: str = ""
    seconds: float = 0.0
    kept: pathlib.Path | None = None

    def line(self):
        if self.skipped:
            return f"SKIPPED {self.row.name}: {self.skipped}"
        told = [f"{'FAILED' if self.reasons else 'ok':<7} {self.row.name}", f"({self.seconds:.1f} s)"]
        if self.facts:
            told[1:1] = [f"exit={exits(self.facts)}", f"digest={self.facts.runs[-1].digest}",
                         f"silence={self.facts.silence:.1f}s", f"pulled={pulled(self.facts)}",
                         f"connections={connections(self.facts)}", f"blamed={blamed(self.facts)}"]
        text = " ".join(told)
        for reason in self.reasons:
            text += "\n        " + reason.rstrip().replace("\n", "\n        ")
        if self.reasons and self.facts and self.facts.runs[-1].status != "0":
            last = [line for line in self.facts.runs[-1].words.splitlines() if line.strip()]
            text += "\n        it said: " + " / ".join(last[-2:])[:400]
        return text + (f"\n        kept: {self.kept}" if self.kept else "")


def exits(facts):
    return ",".join(run.status for run in facts.runs)


def pulled(facts):
    """Body bytes pulled from mirrors, for each byte of the file."""
    return f"{facts.pulled / facts.size:.2f}"


def connections(facts):
    """Made, and in brackets the most at the same time where that is not one."""
    return " ".join(f"{name}:{made}" + (f"({most})" if most > 1 else "")
                    for name, (made, most) in facts.connections.items() if made) or "-"


def blamed(facts):
    return " ".join(f"{name}:{'+'.join(sorted(kinds))}" for name, kinds in sorted(facts.blamed.items()) if kinds) or "-"


def counts(results):
    skipped = sum(bool(result.skipped) for result in results)
    failed = sum(bool(result.reasons) for result in results)
    return len(results) - failed - skipped, failed, skipped


def read(path):
    """Row name → its line, of a table that text() wrote."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return {"/".join(cell.strip() for cell in line.split("|")[1:5]): line for line in lines[1:]}


def is_ok(line):
    return line.endswith("| ok |")


def text(results, command, seconds, former=None):
    """`former`: lines of a table made before, for the rows that were not run now."""
    rows = {**(former or {}), **{result.row.name: _table_line(result) for result in results}}
    skipped = sum("| skipped:" in line for line in rows.values())
    passed = sum(map(is_ok, rows.values()))
    failed = len(rows) - passed - skipped
    again = "; rows that were red have been run again after something was mended" if former else ""
    command = command.partition(" -k ")[0] if former else command  # of all rows, however few were run now
    lines = ["# The fault matrix", "",
             f"Made by `{command}`; do not edit. {passed} passed, {failed} failed, {skipped} skipped{again}"
             + (f", in {seconds / 60:.0f} minutes." if not former else "."), "",
             "A row has the faulty mirror first and healthy ones after it; 6-5bad has one healthy mirror of six. "
             "Expected: what `cases.py` promises. Exit: of the client, of both runs where a second was needed. Silence: "
             "the longest time that the client waited for a byte. Pulled: bodies that the mirrors sent. Connections: "
             "made with each mirror, in brackets the most at the same time. Blamed: whom yizhan charged, with what.", "",
             "| case | size | mirrors | client | expected | exit | digest | silence | pulled | connections | blamed | |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *rows.values()]) + "\n"


def _table_line(result):
    case, size, mirrors, client = result.row.name.split("/")
    if not result.facts:
        cells = [result.row.expected(), "", "", "", "", "", ""]
    else:
        facts = result.facts
        cells = [result.row.expected(), exits(facts), facts.runs[-1].digest, f"{facts.silence:.1f} s", pulled(facts),
                 connections(facts), blamed(facts)]
    return "| " + " | ".join([case, size, mirrors, client, *cells, _outcome(result)]) + " |"


def _outcome(result):
    if result.skipped:
        return f"skipped: {result.skipped}"
    return "**" + "; ".join(reason.strip().splitlines()[-1] for reason in result.reasons) + "**" if result.reasons else "ok"
