"""Which rows there are: cases crossed with sizes, numbers of mirrors and clients; and the sixty that CI runs."""
import dataclasses

import cases
import downloads
import farm

NAMED = {case.name: case for case in cases.CASES}


@dataclasses.dataclass(frozen=True)
class Row:
    case: cases.Case
    size: str
    mirrors: int
    many: bool  # all but one of the mirrors are faulty
    client: str

    @property
    def name(self):
        among = f"{self.mirrors}-{self.mirrors - 1}bad" if self.many else str(self.mirrors)
        return f"{self.case.name}/{self.size}/{among}/{self.client}"

    def patience(self):
        """Seconds after which a client hangs. One alone with a mirror that drips needs 50 for its 50 KB."""
        return (100 if self.mirrors == 1 and self.case.small_alone else 60) + farm.SIZES[self.size][2] / (20 << 20)

    def expected(self):
        return self.case.expected(self.mirrors, farm.SIZES[self.size][2])


def client_names():
    """plain, the newest pip, the oldest, uv."""
    return [driver.name for driver in downloads.load()]


def every(sizes):
    found = []
    for case in cases.CASES:
        for size in sizes:
            for mirrors in case.mirrors:
                if mirrors == 1 and case.small_alone and size != "50K":
                    continue
                for many in (False, True) if case.many and mirrors == max(case.mirrors) else (False,):
                    found += [Row(case, size, mirrors, many, client) for client in client_names()]
    return found


# Rows that are red today, with what is known of why: named in every run as skipped, never counted as good.
KNOWN_RED = {}


def ci():
    """Every case once among others, clients in turn; then what is special about being alone, many, and large."""
    names = client_names()
    # The plain client every other time: it is quick, and it is where a silence cannot hide behind a retry.
    turn = [name for each in names[1:] for name in ("plain", each)]
    found = [Row(case, "50K" if case.head else "40M", 6 if 3 not in case.mirrors else 3, False, turn[place % len(turn)])
             for place, case in enumerate(cases.CASES)]
    found += [Row(NAMED[name], size, 1, False, client) for name, size, client in (
        ("refused", "50K", "plain"), ("agent-blocked", "50K", names[1]), ("too-many", "50K", "plain"),
        ("500-once", "50K", "plain"), ("404", "50K", "plain"), ("reset-0", "40M", "plain"),
        ("range-ignored", "40M", "plain"), ("flip-middle", "50K", "plain"), ("flip-tail", "40M", "plain"),
        ("index-truncated", "50K", "plain"), ("index-other-hash", "50K", names[-1]))]
    found += [Row(NAMED[name], "40M", 6, True, "plain") for name in ("black-hole", "stall-half", "reset-half",
                                                                      "flip-middle", "flip-head")]
    found += [Row(NAMED[name], "600M", 3, False, "plain") for name in ("reset-half", "flip-middle")]
    # Five healthy mirrors faster than we are: whoever is given up for another loses what waits in its socket.
    found += [Row(NAMED["tls-expired"], "600M", 6, False, "plain")]
    return found
