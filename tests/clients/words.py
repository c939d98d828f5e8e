"""What a client prints to its user is the interface: compared with golden files, after taking out what differs by run."""
import pathlib
import re

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"

_PATTERNS = (
    (r"\x1b\[[0-9;]*[A-Za-z]", ""),
    (r"https?://(127\.0\.0\.\d+|localhost|\[::1\]):\d+", "http://<yizhan>"),
    (r"(\.example):\d+", r"\1"),
    (r"host='127\.0\.0\.\d+', port=\d+", "host='<yizhan>', port=<port>"),
    (r"127\.0\.0\.\d+:\d+", "<yizhan>"),
    (r"0x[0-9a-f]{6,}", "<address>"),
    (r"\b\d+(\.\d+)? ?(ms|µs|s)\b", "<time>"),
    (r"\b\d+(\.\d+)? [kMG]?B/s", "<rate>"),
    (r"\bPython 3\.(\d+)\.\d+", r"Python 3.\1"),
    (r"(?m)[ \t]+$", ""),
)


def normalised(text, folders):
    """`folders`: name → path, each path shown as <name>."""
    for name, folder in sorted(folders.items(), key=lambda item: -len(str(item[1]))):
        text = text.replace(str(folder), f"<{name}>")
    for pattern, replacement in _PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text.strip() + "\n"


def compare(group, case, outcome, folders, update, hide=()):
    """None where the words are the golden ones, else what differs, for a person to read. `hide`: further patterns."""
    said = f"exit status {outcome.status}\n" + normalised(outcome.words, folders)
    for pattern, replacement in hide:
        said = re.sub(pattern, replacement, said)
    path = GOLDEN / group / f"{case}.txt"
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said, encoding="utf-8")
        return None
    if not path.exists():
        return f"{path.relative_to(GOLDEN.parent)} is missing; see what run.py --update-golden writes\n{said}"
    expected = path.read_text(encoding="utf-8")
    if said == expected:
        return None
    return f"{path.relative_to(GOLDEN.parent)} says:\n{expected}\nbut the client said:\n{said}"
