"""Makes a query that differs smaller, as long as it differs in the same way."""

import re

from .compare import tokens

OPEN, CLOSE = "(", ")"
GROUPS_TIME = re.compile(r"(?is)group\s+by\b.*?\btime\s*\(")
LOW = re.compile(r"(?is)\btime\"?\s*>|<=?\s*\"?time\b")
HIGH = re.compile(r"(?is)\btime\"?\s*<|>=?\s*\"?time\b")


def bounded(text):
    """True unless buckets without both bounds of time could be asked for."""
    if not GROUPS_TIME.search(text):
        return True
    pieces = re.split(r"(?i)\bselect\b", text)
    return all(LOW.search(piece) and HIGH.search(piece) for piece in pieces
               if GROUPS_TIME.search(piece))


def _balanced(parts):
    depth = 0
    for part in parts:
        depth += {OPEN: 1, CLOSE: -1}.get(part.strip(), 0)
        if depth < 0:
            return False
    return depth == 0


def _candidates(parts):
    """Shorter lists of tokens: spans cut out, the larger first; brackets taken off."""
    size = max(1, len(parts) // 2)
    while size >= 1:
        for start in range(1, len(parts) - size + 1):
            if _balanced(parts[start:start + size]):
                yield parts[:start] + parts[start + size:]
        size = size * 3 // 4 if size > 4 else size - 1
    for start, part in enumerate(parts):
        if part.strip() != OPEN:
            continue
        depth = 0
        for end in range(start, len(parts)):
            depth += {OPEN: 1, CLOSE: -1}.get(parts[end].strip(), 0)
            if depth == 0:
                yield parts[:start] + parts[start + 1:end] + parts[end + 1:]
                if start > 1:
                    yield parts[:start - 1] + parts[start + 1:end] + parts[end + 1:]
                break


def shrink(text, differs, tries_max=400):
    """The shortest text found for which differs(text) still is true."""
    parts = tokens(text)
    tries = 0
    progress = True
    while progress and tries < tries_max:
        progress = False
        for candidate in _candidates(parts):
            shorter = "".join(candidate)
            if not bounded(shorter):
                continue
            tries += 1
            if differs(shorter):
                parts = candidate
                progress = True
                break
            if tries >= tries_max:
                break
    return "".join(parts)


def signature(kind, text, fields):
    """One text for queries that differ in names and numbers alone; fields: {name: type}."""
    out = []
    for part in tokens(text):
        word = part.strip()
        bare = word.strip('"')
        if bare in fields:
            word = f"<{fields[bare]}>"
        elif re.match(r"^[0-9.]+$", word):
            word = "N"
        elif re.match(r"^[0-9]+[a-zµ]", word):
            word = "D"
        elif word.startswith("'"):
            word = "S"
        out.append(word)
    return f"{kind}: " + " ".join(out)
