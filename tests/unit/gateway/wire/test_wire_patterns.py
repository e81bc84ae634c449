"""Java's regular expressions, as the models write them."""

import pytest

from lambent.core.models import service_model
from lambent.gateway.wire.patterns import MAX_LENGTH, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "failing"),
    [
        (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", ["", "Größe 漢字 1", "a=b"], ["a!", "é!", "a\x00"]),
        (r"[^\p{C}]+", ["ab", "é"], ["a\x01", "\u200b"]),
        (r"\p{Alpha}\P{L}", ["a1"], ["aa", "11"]),
        (r"[\w-_]+", ["a-b_"], ["a b"]),
        (r"[a\-\w]+", ["a-b"], ["a b"]),
        (r"^[a-z]+$", ["abc"], ["abc\n", "ABC"]),
        (r"\d+", ["1"], ["\u0661"]),
        (r"[\x{41}-\x{5A}]+", ["AZ"], ["az"]),
        (r"(?<word>a)b", ["ab"], ["b"]),
        (r"a|bc", ["a", "bc"], ["ac", "ab"]),
        (r"[a[b]+", ["[ab"], ["c"]),
    ],
)
def test_a_pattern_means_what_it_means_in_java(
    pattern: str, matching: list[str], failing: list[str]
) -> None:
    matches = compile_pattern(pattern)
    assert [value for value in matching if not matches(value)] == []
    assert [value for value in failing if matches(value)] == []


@pytest.mark.parametrize("service", ["lambda", "logs", "events", "dynamodb", "scheduler", "iam"])
def test_every_pattern_of_a_model_can_be_said(service: str) -> None:
    model = service_model(service)
    for name in model.shape_names:
        pattern = model.shape_for(name).metadata.get("pattern")
        if pattern is not None:
            compile_pattern(pattern)("plain")
            compile_pattern(pattern)("é漢")


@pytest.mark.parametrize("name", ["HeaderValue", "AuthHeaderParameters"])
def test_no_value_makes_a_pattern_run_for_ever(name: str) -> None:
    pattern = service_model("events").shape_for(name).metadata["pattern"]
    matches = compile_pattern(pattern, 512)
    assert matches("a b\tc ")
    assert not matches("")
    assert not matches(" " * 500 + "\x00")


def test_a_costly_pattern_is_not_held_against_what_is_far_too_long() -> None:
    matches = compile_pattern("a*b*")
    assert matches("a" * MAX_LENGTH)
    assert not matches("a" * (MAX_LENGTH + 1))
    assert compile_pattern("a*")("a" * 100_000)
    assert compile_pattern("a*b*", 5000)("a" * 5000)
