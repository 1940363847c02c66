"""Every security requirement is proved by a test that names its row, or says why it is not."""

from tests.house.security import faults, proofs, report, rows_of


def test_every_security_row_has_a_test_or_a_reason() -> None:
    found = proofs()
    assert faults(found) == [], "see `make security`"
    assert "NO TEST" not in "\n".join(report(found))


def test_a_row_without_a_test_and_a_reason_that_outlived_its_cause_are_faults() -> None:
    found = proofs()
    assert faults({**found, 1: set()}) == ["S1: no test names it"]
    assert faults({**found, 83: {"test_dpop"}}) == ["S83: it has a test, so it needs no reason"]
    assert faults({**found, 91: {"test_more"}}) == ["S91: there is no such row"]


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
