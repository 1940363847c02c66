"""Every security requirement of this stage is proved by a test that names its row."""

import ast
import re
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
    67: "mailboxes are not bombed",
    70: "redirects lead to trusted places",
    74: "a change of address is proved and told",
    82: "revocation and introspection tell nothing to strangers",
    71: "flows with providers belong to one browser",
    72: "no account by an unproved address",
    73: "outgoing requests reach their network only",
    86: "fail closed",
    88: "every security act is recorded with it, or does not happen",
}
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


def test_every_security_row_has_a_test() -> None:
    found = proofs()
    missing = [f"S{row} {subject}" for row, subject in ROWS.items() if not found[row]]
    for row in missing:
        print(f"no test names {row}")
    assert missing == []


def test_a_row_is_only_counted_where_a_test_that_runs_names_it() -> None:
    source = '''
"""S1 speaks for all."""
def helper():
    """S2."""
def test_a():
    """S3: and S4, not S5x, not XS6, but S789 is none."""
@pytest.mark.skip
def test_b():
    """S7."""
async def test_S8_by_name(): ...
# S9
'''
    assert {row for row, _ in rows_of(source)} == {1, 3, 4, 8}
