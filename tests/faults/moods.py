"""Mirrors whose mood changes every few seconds: which, when, and what the origin is told. Same seed, same plan."""
import dataclasses
import random

# Name → the part of its rate that a mirror in this mood gives to a new request. 0: what it sends leads nowhere.
WORTH = {"fast": 1.0, "slow": 0.05, "silent": 0.0, "dead": 0.0, "broken": 0.0, "busy": 0.0, "cutting": 0.5, "lying": 0.0}

# The first mirror is the root: its pages must come, so it neither dies nor falls silent as a whole.
OF_ROOT = ("fast", "slow", "broken", "cutting")
OF_OTHERS = ("fast", "fast", "slow", "silent", "dead", "broken", "busy", "cutting")

# Seconds that a mood lasts: long enough to be noticed, too short to be relied on.
SHORTEST, LONGEST = 3.0, 6.0


@dataclasses.dataclass(frozen=True)
class Change:
    at: float
    mirror: str
    mood: str


def plan(names, seconds, lying_from, seed):
    """Changes in order of time, for mirrors that start fast. One is always fast; the last one lies from `lying_from` on,
    late, because who lies is not forgiven for a day."""
    source = random.Random(seed)
    moods = dict.fromkeys(names, "fast")
    due = {name: source.uniform(SHORTEST, LONGEST) for name in names}
    found = []
    while min(due.values()) < seconds:
        name = min(due, key=due.get)
        at = due[name]
        choice = OF_ROOT if name == names[0] else OF_OTHERS
        mood = source.choice([mood for mood in choice if mood != moods[name]])
        if name == names[-1] and at > lying_from:
            mood = "lying"
        if mood != "fast" and not any(moods[other] == "fast" for other in names if other != name):
            mood = "fast"
        moods[name] = mood
        found.append(Change(at, name, mood))
        due[name] = at + source.uniform(SHORTEST, LONGEST)
    return found


def script(change, before, rate):
    """What the origin is told: leave the mood `before`, enter the new one. Faults are for wheels; pages stay right."""
    name = change.mirror
    lines = [f"behave {name}", f"rate {name} {rate}"]
    if before == "dead":
        lines.append(f"listen {name}")
    lines += {"fast": [], "slow": [f"rate {name} {int(rate * WORTH['slow'])}"], "silent": [f"rate {name} 1"],
              "dead": [f"refuse {name}"], "broken": [f"fault {name} .whl status=500"],
              "busy": [f"fault {name} .whl too-many=2"], "cutting": [f"fault {name} .whl cut=50%"],
              "lying": [f"fault {name} .whl flip=50%"]}[change.mood]
    return "\n".join(lines) + "\n"


def mood_at(changes, mirror, time):
    """Its mood then, and since when."""
    mood, since = "fast", 0.0
    for change in changes:
        if change.mirror == mirror and change.at <= time:
            mood, since = change.mood, change.at
    return mood, since
