"""The churn as a picture: a strip for each mirror, written as SVG by hand so that nothing has to be installed."""

WIDTH, STRIP, LEFT, TOP = 960, 96, 56, 64
COULD, THOUGHT, PULLED = "#d9e4dc", "#b5482f", "#2b5b84"


def svg(told, rates, command):
    """`told`: looks (churn.Look), changes (moods.Change), seconds. One strip for each mirror of `rates`."""
    scale = (WIDTH - LEFT - 16) / max(told.seconds, 1)
    height = TOP + STRIP * len(rates) + 28
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
             'font-size="11">', f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             f'<text x="{LEFT}" y="18" font-size="13">Six mirrors in changing moods: {command}</text>', *_legend()]
    for place, (name, rate) in enumerate(rates.items()):
        parts += _strip(told, name, rate, TOP + STRIP * place, scale)
    base = TOP + STRIP * len(rates) + 14
    step = max(1, round(told.seconds / 10))
    parts += [f'<text x="{LEFT + second * scale:.1f}" y="{base}" text-anchor="middle">{second} s</text>'
              for second in range(0, int(told.seconds) + 1, step)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend():
    x = LEFT
    for colour, words in ((COULD, "what it could give"), (THOUGHT, "what yizhan thought of it"),
                          (PULLED, "what was pulled")):
        yield f'<rect x="{x}" y="28" width="14" height="10" fill="{colour}"/><text x="{x + 20}" y="37">{words}</text>'
        x += 190


def _strip(told, name, rate, top, scale):
    looks = [look for look in told.looks if look.mirror == name]
    bottom, room = top + STRIP - 14, STRIP - 26

    def at(time, value):
        # Scores above the mirror's own rate happen (a burst out of the kernel's buffers); they end at the strip's edge.
        return f"{LEFT + time * scale:.1f},{bottom - min(value / rate, 1.1) * room:.1f}"

    yield f'<text x="8" y="{bottom - room / 2:.0f}">{name}</text>'
    yield f'<text x="8" y="{bottom - room / 2 + 14:.0f}" fill="#777">{rate >> 20} MiB/s</text>'
    yield from _moods(told, name, top, bottom, room, scale)
    thought = [at(look.time, look.thought) for look in looks if look.thought is not None]
    if thought:
        yield f'<polyline points="{" ".join(thought)}" fill="none" stroke="{THOUGHT}" stroke-width="1.5"/>'
    flow = [at(b.time, (b.pulled - a.pulled) / max(b.time - a.time, 0.001)) for a, b in zip(looks, looks[1:])]
    if flow:
        yield f'<polyline points="{" ".join(flow)}" fill="none" stroke="{PULLED}" stroke-width="1"/>'
    yield f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{bottom}" y2="{bottom}" stroke="#999"/>'


def _moods(told, name, top, bottom, room, scale):
    mine = [(0.0, "fast"), *((change.at, change.mood) for change in told.changes if change.mirror == name)]
    for (begin, mood), (end, _) in zip(mine, [*mine[1:], (told.seconds, "")]):
        high = told.worth[mood] * room
        yield (f'<rect x="{LEFT + begin * scale:.1f}" y="{bottom - high:.1f}" width="{(end - begin) * scale:.1f}" '
               f'height="{high:.1f}" fill="{COULD}"/>')
        if (end - begin) * scale > 24:
            yield f'<text x="{LEFT + begin * scale + 2:.1f}" y="{top + 9}" fill="#777" font-size="9">{mood}</text>'
