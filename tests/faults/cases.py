"""The faults of a mirror, one Case each: what the farm is told, and what must come of it.

The lines are those of tests/origin/script.hpp, offsets exact. In them <m> is the faulty mirror's name, <first> the first
mirror's, <wall> that of a server which is nobody's mirror, <file> and <path> the wheel's, <shorter> and <longer> its
size less and plus 1000, <old> the file of its older version.
"""
import dataclasses
import re

# What must come of a row.
SUCCEEDS = "succeeds"        # in the client's first run
CUT = "cut-then-succeeds"    # in the first run by the client's own resume, else in the second run
CLEAN_ERROR = "clean-error"  # the client fails, says so, and has no wrong bytes
EITHER = "either"            # success or clean error: nothing is promised, but never wrong bytes, silence or a hang

# What a mirror may be charged with (facts/mirrors.md section 4.2). An object fact is no blame.
MIRROR, POLICY, INTEGRITY = "mirror", "policy", "integrity"

# Up to this much yizhan verifies before the first byte leaves, so that a lie costs the client nothing.
VERIFIED_FIRST = 4 << 20


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    lines: tuple = ()          # for the faulty mirror, or for each of them
    alone: str = CLEAN_ERROR   # expected of a sole mirror
    among: str = SUCCEEDS      # expected where others are healthy
    blame: frozenset = frozenset({MIRROR})  # what the faulty mirror may be charged with; empty: nobody is blamed
    required: bool = True      # whether it must be charged, once it was met
    extra_body: bool = False   # one more body may be pulled for each faulty mirror that was met
    second: tuple = ()         # lines for the second mirror, where there is one beside the faulty one
    second_blame: frozenset = frozenset()   # what that one may be charged with; a lie must be
    alone_lines: tuple = ()    # instead of `lines` where there is one mirror
    each: tuple = ()           # instead of `lines` and `blame`: (lines, blame) for each of the first mirrors
    server: str = ""           # further options of the faulty mirror's `server` line
    tls: bool = False          # the whole farm speaks TLS
    publish: str = ""          # further options of the faulty mirror's `publish` line
    root_dead: bool = False    # the first mirror is the root and refuses connections; the faulty one is the second
    root_faulty: bool = False  # the first mirror is faulty and the root
    url: str = ""              # the faulty mirror's address, where it has no server
    wall: bool = False         # there is a <wall> …
    wall_asked: bool = True    # … which may be asked
    mirrors: tuple = (1, 3, 6)
    small_alone: bool = False  # a sole mirror with this fault takes minutes for more than 50 KB
    many: bool = True          # also tried with all but one mirror faulty
    head: bool = False         # shows before the body begins: 50 KB tell as much as 40 MB
    kill: bool = False         # yizhan is killed when half of the file is on its way

    def expected(self, mirrors, size):
        if mirrors == 1:
            return self.alone
        lie_shows_early = self.among == CUT and not self.kill and size <= VERIFIED_FIRST
        return SUCCEEDS if lie_shows_early else self.among

    def flipped(self, faulty, size):
        """Mirror → the offset of the byte that it sends wrong: only who sent that one has lied."""
        scripts = [lines for lines, _ in self.each] if self.each else [self.lines] * len(faulty)
        scripts = dict(zip(faulty, scripts))
        if self.second and "m2" not in scripts:
            scripts["m2"] = self.second
        found = {}
        for name, lines in scripts.items():
            for number, percent in re.findall(r"flip=(-?\d+)(%?)", " ".join(lines)):
                offset = size * int(number) // 100 if percent else int(number)
                found[name] = offset if offset >= 0 else size + offset
        return found

    def charges(self, faulty, mirrors):
        """Mirror → what it may be charged with, and the set of those that must be, once they were met. All others are
        innocent. `faulty`: the names of the faulty mirrors, in order."""
        blames = [blame for _, blame in self.each] if self.each else [self.blame] * len(faulty)
        may = {name: blame for name, blame in zip(faulty, blames) if blame}
        # A sole mirror behind TLS fails with its pages, before anybody asks it for a file.
        must = set(may) if self.required and not (mirrors == 1 and (self.tls or self.wall)) else set()
        if self.second and "m2" not in faulty:
            may["m2"] = self.second_blame
            must |= {"m2"} if INTEGRITY in self.second_blame else set()
        if self.root_dead:
            may["m1"] = frozenset({MIRROR})
        if self.wall:
            may["wall"] = frozenset({MIRROR, POLICY})
        return may, must


_MIRROR, _POLICY, _INTEGRITY = frozenset({MIRROR}), frozenset({POLICY}), frozenset({INTEGRITY})
_ANY_OF_BOTH = frozenset({MIRROR, INTEGRITY})
_NOBODY = frozenset()


def _fault(*actions):
    return tuple(f"fault <m> <file> {action}" for action in actions)


def _broken(name, action, **more):
    """Breaks off in every answer; alone, only in the first one, so that the mirror can be asked for the rest."""
    return Case(name, _fault(action), alone=SUCCEEDS, alone_lines=_once(action), **more)


def _once(action):
    return _fault(f"{action} first=1 count=1 method=GET")


def _head(name, *actions, **more):
    return Case(name, _fault(*actions), head=True, **more)


def _lie(name, action):
    return Case(name, _fault(action), among=CUT, blame=_INTEGRITY, extra_body=True)


def _length(name, action):
    # Bytes that are right behind a length that is not: an object fact, or the mirror's fault.
    return Case(name, _fault(action), alone=EITHER, required=False, blame=_ANY_OF_BOTH, head=True)


# Of the metadata too: one page beside something that was served is a fact about the file, not about us.
_BLOCKED = (*_fault("forbidden"), "fault <m> <file>.metadata forbidden")

CASES = (
    # No connection.
    Case("refused", ("refuse <m>",), head=True),
    Case("black-hole", ("black-hole <m>",), head=True),
    Case("tls-expired", tls=True, server="tls=expired", head=True),
    Case("dns", url="http://<name>.mirrors.invalid/simple/", head=True),
    # Another status.
    Case("block-page", _BLOCKED, head=True, blame=_POLICY),
    Case("agent-blocked", ('fault <m> * forbidden when="User-Agent: pip"',), alone=SUCCEEDS, blame=_NOBODY, head=True),
    _head("too-many", "too-many=30", blame=_POLICY),
    Case("500-once", _once("status=500"), alone=SUCCEEDS, head=True),
    _head("500-always", "status=500"),
    _head("404", "missing", blame=_NOBODY),
    # Elsewhere. The second mirror's files lie on the first, which blocks: one fault, and it is the first's.
    Case("302-to-blocked", _BLOCKED, second=("fault <m> <file> redirect=${<first>}<path>",),
         alone_lines=("fault <wall> <file> forbidden", "fault <m> <file> redirect=${<wall>}<path>"), wall=True,
         blame=_POLICY, head=True, many=False),
    _head("redirect-loop", "redirect=?again"),
    Case("https-to-http", ("fault <m> <file> redirect=${<wall>}<path>",), tls=True, wall=True, wall_asked=False,
         blame=frozenset({MIRROR, POLICY}), head=True),
    # Not the file.
    _head("html-200", "challenge ignore-range", blame=_POLICY),
    _head("empty-200", "empty", blame=_ANY_OF_BOTH, required=False),
    _broken("short-200", "cut=90%"),
    _broken("chunked-cut", "chunked cut=50%"),
    _length("length-short", "length=<shorter>"),
    _length("length-long", "length=<longer>"),
    # Not all of it.
    _broken("reset-0", "reset=0"),
    # Alone it gives one byte per request, for ever: no reason to ask it for all of them.
    Case("reset-1", _fault("reset=1"), alone=EITHER),
    _broken("reset-half", "reset=50%"),
    _broken("reset-last", "reset=-1"),
    # Not in time. Slowness is told by the score; that it is also blamed is not required.
    _broken("stall-half", "stall=50%@never", required=False),
    Case("drip", _fault("drip=0@1K/1s"), alone=SUCCEEDS, small_alone=True, required=False),
    Case("rate-drop", _fault("rate=0@100M rate=50%@100K"), alone=SUCCEEDS, small_alone=True, required=False),
    # Lies.
    _lie("flip-head", "flip=100"),
    _lie("flip-middle", "flip=50%"),
    _lie("flip-tail", "flip=-100"),
    _lie("other-file", "lie=77"),
    # The first mirror's half is true, and it must not be taken for the liar.
    Case("lie-after-cut", _fault("cut=50%"), second=_fault("flip=75%"), second_blame=_INTEGRITY, among=CUT,
         alone=EITHER, extra_body=True, many=False),
    # Ranges, which are asked for once the first mirror has broken off.
    Case("range-ignored", _fault("cut=50%"), second=_fault("ignore-range"), second_blame=_MIRROR, extra_body=True,
         alone_lines=("fault <m> <file> ignore-range", "fault <m> <file> cut=50% ignore-range first=1 count=1 method=GET"),
         alone=SUCCEEDS, many=False),
    Case("range-refused", _fault("cut=50%"), second=_fault("refuse-range"), second_blame=_MIRROR, extra_body=True,
         alone_lines=("fault <m> <file> refuse-range", "fault <m> <file> cut=50% first=1 count=1 method=GET"),
         alone=EITHER, many=False),
    # Indexes. A sole mirror that lags has no 2.0; two others that have it are believed while the root is silent.
    Case("index-behind", publish="without=<file> serial=90", blame=_NOBODY, head=True, many=False),
    Case("index-behind-no-root", publish="without=<file> serial=90", root_dead=True, mirrors=(6,), required=False,
         head=True, many=False),
    Case("index-truncated", ("fault <m> /simple/<project>/ until-close cut=60%",), root_faulty=True, required=False,
         head=True, many=False),
    Case("index-other-hash", publish="other-hash=<file>", root_faulty=True, among=CLEAN_ERROR, required=False,
         blame=_ANY_OF_BOTH, head=True, many=False),
    Case("index-other-hash-no-root", publish="other-hash=<file>", root_dead=True, mirrors=(6,), required=False,
         blame=_ANY_OF_BOTH, head=True, many=False),
    # yizhan itself. What was not yet on the disk is pulled again: one body at most.
    Case("kill-9", ("fault <m> <file> stall=50%@<gate> first=1 count=1 method=GET",), alone=CUT, among=CUT, kill=True,
         blame=_NOBODY, extra_body=True, many=False),
    # Five mirrors, five faults, and one that works.
    Case("everything", each=((("black-hole <m>",), _MIRROR), (_fault("stall=50%@never"), _MIRROR),
                             (_fault("flip=50%"), _INTEGRITY), (_fault("status=500"), _MIRROR),
                             (_fault("reset=75%"), _MIRROR)),
         among=CUT, mirrors=(6,), extra_body=True, many=False),
)
