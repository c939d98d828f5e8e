"""From samples to medians, ratios, targets, and a table for people."""
import statistics

# What a scenario's row shows: (name of the figure, its words, how many digits, whether more is better).
FIGURES = {
    "page": [("rate", "requests/s", 0, True), ("cpu_us", "CPU µs/request", 1, False),
             ("p50_ms", "p50 ms", 2, False), ("p99_ms", "p99 ms", 2, False)],
    "big": [("cpu_s_per_gib", "CPU s/GiB", 3, False), ("gib_per_s", "GiB/s", 2, True)],
    "idle": [("rss", "resident MiB", 1, False)],
}
FIGURES["file"] = FIGURES["page"]
FIGURES["many"] = [*FIGURES["page"], ("rss_idle", "resident MiB, 1,000 idle", 1, False),
                   ("rss", "resident MiB, most", 1, False)]

TITLES = {
    ("one", "page"): "10 KB page, one worker", ("two", "page"): "10 KB page, two workers",
    ("one", "file"): "100 KB file, one worker", ("two", "file"): "100 KB file, two workers",
    ("one", "big"): "1 GiB file, one worker, one connection",
    ("two", "many"): "10 KB page, two workers, 1,000 idle connections beside 64 busy ones",
    ("two", "idle"): "At rest, two workers",
}


def medians(samples):
    """{(workers, scenario): {peer: {figure: median}}}"""
    found = {}
    for sample in samples:
        of_peer = found.setdefault((sample["workers"], sample["scenario"]), {}).setdefault(sample["peer"], {})
        for name, *_ in FIGURES[sample["scenario"]]:
            of_peer.setdefault(name, []).append(sample[name])
    return {place: {peer: {name: statistics.median(values) for name, values in figures.items()}
                    for peer, figures in by_peer.items()} for place, by_peer in found.items()}


def ratio(samples, workers, scenario, figure, peer):
    """The median over the rounds of what yizhan has, divided by what the peer has in the same round: what drifts over a
    run, drifts for both. None where one of them was not measured."""
    rounds = {}
    for sample in samples:
        if (sample["workers"], sample["scenario"]) == (workers, scenario):
            rounds.setdefault(sample["round"], {})[sample["peer"]] = sample[figure]
    pairs = [(of["yizhan"], of[peer]) for of in rounds.values() if "yizhan" in of and of.get(peer)]
    return statistics.median(ours / theirs for ours, theirs in pairs) if pairs else None


def _best(samples, workers, scenario, figure, peers):
    """yizhan's figure divided by the lowest of the peers'."""
    ratios = [found for peer in peers if (found := ratio(samples, workers, scenario, figure, peer)) is not None]
    return max(ratios, default=None)


def targets(samples):
    """What yizhan set out to reach: (words, value, bound, whether it is met); a value of None was not measured."""
    def inverse(value):
        return value and 1 / value

    def most(workers, scenario, figure):
        return max((s[figure] for s in samples if (s["workers"], s["scenario"], s["peer"]) ==
                    (workers, scenario, "yizhan")), default=None)

    at_least = [
        ("page: requests per CPU second, of nginx proxy_cache",
         inverse(ratio(samples, "one", "page", "cpu_us", "nginx-cache")), 1.3),
        ("page: requests per second, of nginx proxy_cache", ratio(samples, "one", "page", "rate", "nginx-cache"), 1.1),
        ("100 KB file: requests per CPU second, of nginx static",
         inverse(ratio(samples, "one", "file", "cpu_us", "nginx-static")), 1.0),
        ("100 KB file: requests per second, of nginx static",
         ratio(samples, "one", "file", "rate", "nginx-static"), 1.0),
        ("page: requests per second, of devpi", ratio(samples, "one", "page", "rate", "devpi"), 50),
        ("page: requests per second, of proxpi", ratio(samples, "one", "page", "rate", "proxpi"), 50),
    ]
    at_most = [
        ("1 GiB: CPU, of nginx in its better mode",
         _best(samples, "one", "big", "cpu_s_per_gib", ("nginx-static", "nginx-copy")), 1.25),
        ("MiB resident at rest", most("two", "idle", "rss"), 64),
        ("MiB resident with 1,000 connections", most("two", "many", "rss"), 150),
    ]
    return ([(f"{words}: at least {bound}", value, value is not None and value >= bound) for words, value, bound in at_least]
            + [(f"{words}: at most {bound}", value, value is not None and value <= bound) for words, value, bound in at_most])


def _cell(value, digits, better):
    text = f"{value:,.{digits}f}"
    return text if better is None else f"{text} ({better:.{0 if better >= 10 else 2}f}×)"


def _better(samples, workers, scenario, figure, more_is_better, peer):
    """How many times better yizhan is than the peer; None for yizhan itself."""
    found = None if peer == "yizhan" else ratio(samples, workers, scenario, figure, peer)
    return found if more_is_better or not found else 1 / found


def markdown(samples, labels):
    """One table; behind a peer's figure stands how many times better yizhan's is."""
    peers = list(labels)
    lines = ["| | " + " | ".join(labels.values()) + " |", "|---|" + "---:|" * len(peers)]
    found = medians(samples)
    for (workers, scenario), title in TITLES.items():
        by_peer = found.get((workers, scenario))
        if not by_peer:
            continue
        lines.append(f"| **{title}** |" + " |" * len(peers))
        for name, words, digits, more in FIGURES[scenario]:
            cells = [_cell(by_peer[peer][name], digits, _better(samples, workers, scenario, name, more, peer))
                     if peer in by_peer else "" for peer in peers]
            lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def target_lines(samples):
    return [f"{'met        ' if met else 'falls short' if value is not None else 'unmeasured '}  "
            f"{'-' if value is None else f'{value:8.2f}'}  {words}" for words, value, met in targets(samples)]
