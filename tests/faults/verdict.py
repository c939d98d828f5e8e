"""What a row must show, held against what it did show. Pure functions."""
import dataclasses

import cases
import downloads

# Seconds without a byte after which pip gives up: what yizhan promises to stay under (design, P1).
SILENCE = 15
# Bytes pulled for each that was needed, from this size up.
THRIFT, THRIFT_FROM = 1.10, 40 << 20
# Bytes that finding out who lied may cost besides the liar's own: two segments.
SEARCH = 2 * (8 << 20)
# Connections that a row may make with one mirror. Nobody needs more; a lab that makes thousands is banned.
MOST_CONNECTIONS = 50


@dataclasses.dataclass
class Facts:
    """What one row did."""

    runs: list           # downloads.Run, at most two
    silence: float       # seconds, the longest in any run
    size: int            # of the file
    pulled: int          # body bytes of the file that mirrors sent
    served: int          # body bytes that the client got
    connections: dict    # mirror → (made, most at the same time)
    met: set             # mirrors that were asked for the file, or connected to where they cannot be asked
    innocent: set        # of the faulty, those whose fault did not show: a flipped byte that they were not asked for
    blamed: dict         # mirror → kinds
    wall_requests: int   # what the wall was asked

    @property
    def succeeded(self):
        return self.runs[-1].status == "0" and self.runs[-1].digest == downloads.RIGHT


def judge(case, mirrors, faulty, facts):
    """Why the row is red: sentences, none where it is green. `mirrors`: how many; `faulty`: those in order."""
    expected = case.expected(mirrors, facts.size)
    return [*_outcome(expected, facts), *_bytes(case, faulty, facts), *_blame(case, mirrors, faulty, facts),
            *([] if case.wall_asked or not facts.wall_requests else ["went where it must not go"])]


def _outcome(expected, facts):
    for number, run in enumerate(facts.runs, 1):
        if run.digest == downloads.WRONG:
            yield f"wrong bytes in run {number}"
        if run.status == "hangs":
            yield f"run {number} hangs"
    if facts.silence >= SILENCE:
        yield f"silent for {facts.silence:.1f} s"
    if expected == cases.SUCCEEDS and not (facts.succeeded and len(facts.runs) == 1):
        yield "should succeed"
    elif expected == cases.CUT and not facts.succeeded:
        yield "should succeed in the second run at the latest"
    elif expected == cases.CLEAN_ERROR and facts.succeeded:
        yield "should fail"


def _bytes(case, faulty, facts):
    for name, (made, _) in facts.connections.items():
        if made > MOST_CONNECTIONS:
            yield f"{made} connections to {name}"
    if not facts.succeeded or facts.size < THRIFT_FROM:
        return
    bodies = len(facts.met & {*faulty, *(["m2"] if case.second else [])}) if case.extra_body else 0
    allowed = THRIFT + (min(bodies, 1) if case.kill else bodies)
    search = SEARCH if bodies and cases.INTEGRITY in case.blame | case.second_blame else 0
    if facts.pulled > allowed * facts.size + search:
        yield f"pulled {facts.pulled / facts.size:.2f} bodies where {allowed:.2f} are allowed"


def _blame(case, mirrors, faulty, facts):
    may, must = case.charges(faulty, mirrors)
    for name, kinds in sorted(facts.blamed.items()):
        kinds = kinds - {"object"}  # a fact about the object is no blame
        if kinds and not may.get(name):
            yield f"{name} is blamed and innocent ({', '.join(sorted(kinds))})"
        elif kinds - may.get(name, kinds):
            yield f"{name} is charged with {', '.join(sorted(kinds - may[name]))}, not only {'/'.join(sorted(may[name]))}"
        if name in facts.innocent and cases.INTEGRITY in kinds:
            yield f"{name} is charged with a byte that it never sent"
    for name in sorted(must & facts.met - facts.innocent):
        if cases.INTEGRITY in may[name] and facts.pulled < facts.size:
            continue  # the client left before all of it was here: only then is a digest looked at
        if not facts.blamed.get(name, set()) - {"object"}:
            yield f"{name} is guilty and not blamed"
