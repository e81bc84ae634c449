"""A chain of invocations is counted by the trace header's Lineage."""

from hypothesis import given
from hypothesis import strategies as st

from lambent.invoke.recursion import next_hop

ARN = "arn:aws:lambda:us-east-1:000000000000:function:loop"


def test_the_first_invocation_of_a_chain_counts_nothing_before_it() -> None:
    hop = next_hop("", ARN)
    assert hop.times_before == 0
    assert hop.lineage.endswith(":0")


def test_each_pass_through_the_same_function_counts_one_more() -> None:
    lineage = ""
    for expected in range(20):
        hop = next_hop(lineage, ARN)
        assert hop.times_before == expected
        lineage = hop.lineage


def test_a_detour_over_another_function_does_not_reset_the_count() -> None:
    hop = next_hop("", ARN)
    over = next_hop(hop.lineage, ARN + "-other")
    assert over.times_before == 0
    assert next_hop(over.lineage, ARN).times_before == 1


def test_the_older_form_without_the_leading_number_is_read_too() -> None:
    own = next_hop("", ARN).lineage.split(":")[1]
    assert next_hop(f"{own}:5", ARN).times_before == 6


@given(st.text(max_size=200))
def test_no_lineage_breaks_the_reading(lineage: str) -> None:
    assert next_hop(lineage, ARN).times_before >= 0
