"""The rows of the security requirements, the tests that prove them, and why a row has none.

`python -m tests.house.security` prints the table.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROWS = {
    1: "no token without a signature",
    2: "no public key taken for a secret",
    3: "one algorithm for each key",
    4: "kid is data",
    5: "keys in a header are ignored",
    6: "critical extensions are refused",
    7: "exact issuer and audience",
    8: "bounded times",
    9: "no token stands for another kind",
    10: "oversized tokens are refused unread",
    11: "strict JSON",
    12: "unknown keys cause one fetch",
    13: "key sets are fetched once, capped and bounded",
    14: "poisoned key sets",
    15: "public parts only, and caches are told",
    16: "one first key under a race",
    17: "keys overlap in a rotation",
    18: "secrets overlap in a rotation",
    19: "comparisons are constant in time and total",
    20: "ID tokens answer the sign-in that asked",
    21: "a new session at every authentication",
    22: "unpredictable tokens, useless without the signature",
    23: "cookie attributes",
    24: "idle, sliding and absolute ends",
    25: "sign-out ends every credential",
    26: "ban, deletion and role change take effect everywhere",
    27: "a new password can end other sessions",
    28: "the cookie cache is bound and short-lived",
    29: "application routes slide the cookie",
    30: "no state change from another origin",
    31: "no sign-in from another site",
    32: "GET changes nothing",
    33: "CORS is exact",
    34: "no cookie header breaks or fools the server",
    35: "sockets know who opened them",
    36: "a refresh token is rotated once",
    37: "racing refreshes get the same successor",
    38: "a used refresh token ends its family",
    39: "what was revoked stays revoked",
    40: "refreshing ends, and is bound to its client",
    41: "refresh and access tokens are never taken for each other",
    42: "password length",
    43: "password normalisation",
    44: "guessable and breached passwords",
    45: "oversized passwords are never hashed",
    46: "hashing is bounded",
    47: "imported hashes are capped",
    48: "the same answer for every cause",
    49: "the same work for every cause",
    50: "mail failure reveals nothing",
    51: "limits hold across processes",
    52: "nobody is locked out by others",
    53: "success resets nobody else's count",
    54: "limits are on by default",
    55: "client addresses cannot be chosen",
    56: "one address, one mailbox, one person",
    57: "hostile text in every field",
    58: "confused types in every field",
    59: "bodies are bounded",
    60: "racing sign-ups make one user",
    61: "sign-up is atomic",
    62: "no column is written by naming it",
    63: "links come from configuration",
    64: "links work once and not for long",
    65: "looking at a link does not use it up",
    66: "a reset does not go round a second factor",
    67: "mailboxes are not bombed",
    68: "one-time codes cannot be guessed",
    69: "a TOTP code works once",
    70: "redirects lead to trusted places",
    71: "flows with providers belong to one browser",
    72: "no account by an unproved address",
    73: "outgoing requests reach their network only",
    74: "a change of address is proved and told",
    75: "nobody reaches what is somebody else's",
    76: "what is for the server is not routed",
    77: "no spelling of a path changes its rules",
    78: "what matters asks for a fresh sign-in",
    79: "API keys belong to their owner",
    80: "a device is approved by whoever opened it",
    81: "an identity provider of our own",
    82: "revocation and introspection tell nothing to strangers",
    83: "proof of possession",
    84: "searches search for text",
    85: "no secret in a log",
    86: "fail closed",
    87: "every answer is guarded",
    88: "every security act is recorded with it, or does not happen",
    89: "no default and no public secret",
    90: "known dependencies, and releases that anybody can check",
}
REASONS = {
    69: "there is no second factor yet",
    79: "there are no API keys yet",
    80: "there is no device flow yet",
    81: "the server is no identity provider yet",
    83: "access tokens are bearer tokens; DPoP is not offered",
}
"""Why a row has no test: what it speaks of does not exist."""
_ROW = re.compile(r"(?<![A-Za-z0-9])S(\d{1,2})(?![A-Za-z0-9])")
_SKIPPING = ("skip", "skipif", "xfail")


def _is_run(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = {
        node.attr
        for each in test.decorator_list
        for node in ast.walk(each)
        if isinstance(node, ast.Attribute)
    }
    return test.name.startswith("test_") and marks.isdisjoint(_SKIPPING)


def rows_of(source: str) -> Iterator[tuple[int, str]]:
    """Return each row with the test that names it; a module's docstring speaks for every test in it."""
    module = ast.parse(source)
    of_module = _ROW.findall(ast.get_docstring(module) or "")
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _is_run(node):
            named = _ROW.findall(f"{node.name.replace('_', ' ')} {ast.get_docstring(node) or ''}")
            yield from ((int(row), node.name) for row in {*of_module, *named})


def proofs() -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        if "node_modules" not in path.parts:
            for row, name in rows_of(path.read_text()):
                found[row].add(f"{path.relative_to(TESTS)}::{name}")
    return found


def report(found: dict[int, set[str]]) -> Iterator[str]:
    """Return the table: each row with its tests, or with the reason why it has none."""
    for row, subject in ROWS.items():
        tests = sorted(found.get(row, ()))
        yield f"S{row:<3} {subject}: {f'{len(tests)} tests' if tests else REASONS.get(row, 'NO TEST')}"
        yield from (f"       {test}" for test in tests)


def faults(found: dict[int, set[str]]) -> list[str]:
    """Return rows without a test and a reason, reasons that are outdated, and rows that do not exist."""
    wanting = [f"S{row}: no test names it" for row in ROWS if not found.get(row) and row not in REASONS]
    outdated = [f"S{row}: it has a test, so it needs no reason" for row in REASONS if found.get(row)]
    unknown = [f"S{row}: there is no such row" for row in found if row not in ROWS]
    return wanting + outdated + unknown


if __name__ == "__main__":
    proved = proofs()
    print("\n".join(report(proved)))
    covered = sum(bool(proved.get(row)) for row in ROWS)
    print(f"\n{covered} of {len(ROWS)} rows proved, {len(REASONS)} with a reason.")
    for fault in faults(proved):
        print(f"FAULT: {fault}")
    sys.exit(1 if faults(proved) else 0)
