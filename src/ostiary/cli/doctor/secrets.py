"""Are the secrets strong, and are they kept?"""

import math
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ostiary.cli.doctor.finding import Findings, Subject
from ostiary.options import Options
from ostiary.options.options import SHORTEST_SECRET

_WEAKEST: Final = 120  # bits, by the estimate that the reference warns below
_PLACEHOLDER: Final = re.compile(
    r"change.?(me|this)|example|secret|password|placeholder|your[-_ ]", re.IGNORECASE
)
_CURE: Final = "make one with `ostiary secret`; `ostiary secret --rotate` keeps people signed in"
_HOLDS_SECRET: Final = re.compile(  # a setting by that name, or an address with a password; not in comments
    r"^\s*\w*secrets?\s*=|^[^#\n]*://[^\s/@:]*:[^\s/@]+@", re.IGNORECASE | re.MULTILINE
)

_subject = Subject("secret")
_files = Subject("secret files")


def strength(options: Options) -> Findings:
    """Judge each secret by length, variety and familiar words."""
    named = {f"secret {each.version}": each.value for each in options.secrets}
    if options.secret is not None:
        named["the secret"] = options.secret
    faults = [fault for name, value in named.items() for fault in _faults(name, value)]
    yield from faults
    if not faults:
        shortest = min(map(len, named.values()))
        rotation = f", {len(named)} secrets in rotation" if len(named) > 1 else ""
        yield _subject.ok(f"{shortest} characters{rotation}")


def _faults(name: str, value: str) -> Findings:
    bits = len(value) * math.log2(len(set(value)) or 1)
    if len(value) < SHORTEST_SECRET:
        yield _subject.failure(f"{name} has {len(value)} characters, {SHORTEST_SECRET} are the least", _CURE)
    elif bits < _WEAKEST:
        yield _subject.failure(f"{name} repeats itself: at most {bits:.0f} bits", _CURE)
    elif _PLACEHOLDER.search(value):
        yield _subject.warning(f"{name} reads like a placeholder", _CURE)


def permissions(files: Sequence[Path]) -> Findings:
    """Look for files with secrets that other users of the machine can read."""
    for path in files:
        if not path.is_file() or not _HOLDS_SECRET.search(path.read_text("utf-8", "replace")):
            continue
        if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            yield _files.warning(f"{path} can be read by others", f"chmod 600 {path}")
        else:
            yield _files.ok(f"{path} is readable by its owner alone")
