"""The trace header that a function sees continues its caller's."""

from hypothesis import given
from hypothesis import strategies as st

from lambent.core.ids import IdSource
from lambent.invoke.trace_header import TraceHeader, header_for_function, parse_trace_header

ROOT = "1-5759e988-bd862e3fe1be46a994272793"


def test_a_callers_root_and_decision_are_kept_and_the_parent_is_new() -> None:
    received = parse_trace_header(f"Root={ROOT};Parent=53995c3f42cd8ad8;Sampled=1")
    sent = header_for_function(received, lineage="1:a:0", now=0.0, ids=IdSource(1))
    assert sent.root == ROOT
    assert sent.sampled == "1"
    assert len(sent.parent) == 16
    assert sent.parent != received.parent
    assert str(sent).endswith(";Lineage=1:a:0")


def test_without_a_caller_a_trace_begins_unsampled() -> None:
    sent = header_for_function(TraceHeader(), lineage="", now=1_700_000_000.0, ids=IdSource(1))
    assert sent.root.startswith("1-6553f100-")
    assert sent.sampled == "0"


def test_a_malformed_root_counts_as_none() -> None:
    assert parse_trace_header("Root=nonsense;Sampled=7").root == ""
    assert parse_trace_header("Root=nonsense;Sampled=7").sampled == ""


@given(st.text(max_size=300))
def test_no_header_breaks_the_reading(text: str) -> None:
    parse_trace_header(text)
