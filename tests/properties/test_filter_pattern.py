"""The filter-pattern language: AWS's documented examples, and what holds for every pattern.

Examples: Amazon CloudWatch Logs User Guide, "Filter pattern syntax".
"""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.services.logs.errors import InvalidParameterException
from lambent.services.logs.patterns import compile_pattern
from lambent.services.logs.patterns.values import Value, comparison

ERRORS = [
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
]

TRAIL = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "Active": True,
    "bandwidth": 75,
    "latency": 1e3,
    "cluster.name": "c",
    "statusText": "404",
}

ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("", [0, 1, 2, 3]),
        (" ", [0, 1, 2, 3]),
        ("ERROR", [0, 1, 2, 3]),
        ("error", []),
        ("ERROR ARGUMENTS", [2, 3]),
        ("?INVALID ?MISSING", [2, 3]),
        ("ERROR ?INVALID", [0, 1, 2, 3]),
        ("ERROR -ARGUMENTS", [0, 1]),
        ('"BAD REQUEST"', [0]),
        ('-"BAD REQUEST" ERROR', [1, 2, 3]),
        ('?"BAD REQUEST" ?INVALID', [0, 3]),
        (r"%ERROR 4[12]\d%", [2, 3]),
        (r"%AUTHORIZED% -INVALID", [1]),
        (r"%(41|42)9%", [2]),
        (r"%^.ERROR [0-9]{3}%", [0, 1, 2, 3]),
        (r"%[[]ERROR%", [0, 1, 2, 3]),
        (r'"\"quoted\""', []),
    ],
)
def test_terms(pattern: str, matching: list[int]) -> None:
    compiled = compile_pattern(pattern)
    assert [n for n, message in enumerate(ERRORS) if compiled.matches(message)] == matching


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ('{$.eventType="Update*"}', True),
        ('{ $.eventType = "*Trail" }', True),
        ('{ $.eventType = "trail" }', False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[1] = "value" }', False),
        ('{ $.arrayKey[9] = "value" }', False),
        ('{ $.arrayKey[*] = "another*" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id > 1 }", True),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.Active IS TRUE }", True),
        ("{ $.Active is false }", False),
        ("{ $.bandwidth = 75 }", True),
        ("{ $.bandwidth = 7.5e1 }", True),
        ("{ $.bandwidth != 75 }", False),
        ("{ $.bandwidth >= 75 && $.bandwidth <= 75 }", True),
        ("{ $.bandwidth < 75 || $.bandwidth > 75 }", False),
        ("{ $.bandwidth = 7* }", True),
        ("{ $.latency = 1000 }", True),
        ("{ $.latency > 1E2 }", True),
        ("{ $.latency > -5 }", True),
        ("{ $.statusText = 404 }", True),
        ("{ $.['cluster.name'] = \"c\" }", True),
        ('{ $["cluster.name"] = "c" }', True),
        (r"{ $.eventType = %^Up.*l$% }", True),
        ('{ $.absent != "x" }', False),
        ('{ $.absent = "*" }', False),
        ('{ $.arrayKey = "*" }', False),
        ("{ ($.bandwidth = 75) || $.absent = 1 && $.absent = 2 }", True),
        ("{ ($.bandwidth = 75 || $.absent = 1) && $.absent = 2 }", False),
    ],
)
def test_objects(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(json.dumps(TRAIL)) is expected


@pytest.mark.parametrize("message", ["", "text", '{"a": 1} and more', "{", '"a"', "1", "null"])
def test_a_message_that_is_not_wholly_an_object_matches_no_object_pattern(message: str) -> None:
    assert not compile_pattern("{ $.a NOT EXISTS }").matches(message)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[]", True),
        ("[ip, server, username, timestamp, request, status_code, bytes]", True),
        ("[ip, server, username, timestamp, request, status_code]", False),
        ("[ip, server, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, ..., status_code = 404 || status_code = 410, bytes > 1000]", True),
        ("[ip, ..., (status_code = 4* && status_code != 404), bytes]", False),
        ("[..., size]", True),
        ('[..., request = "*.html*", status, size]', True),
        ("[ip = %127\\.0\\.0\\.[0-9]%, ...]", True),
        ("[ip != 127*, ...]", False),
        ("[ip, ..., bytes >= 2000]", False),
        ("[, , username = frank, …]", True),
        ("[a, b, c, d, e, f, g, h, ...]", False),
    ],
)
def test_fields(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(ACCESS) is expected


def test_extracted_values_are_named_by_field_place_or_property() -> None:
    assert compile_pattern("[..., size]").extract(ACCESS) == {
        "$1": "127.0.0.1",
        "$2": "Prod",
        "$3": "frank",
        "$4": "10/Oct/2000:13:25:15 -0700",
        "$5": "GET /index.html HTTP/1.0",
        "$6": "404",
        "$size": "1534",
    }
    extracted = compile_pattern("{ $.bandwidth > 1 && $.absent NOT EXISTS }").extract(
        json.dumps(TRAIL)
    )
    assert extracted == {"$.bandwidth": "75"}


@pytest.mark.parametrize(
    "pattern",
    [
        "foo-bar",
        '"open',
        "{ $.a }",
        "{",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $ = 1 }",
        "{ $.a = 1 } more",
        "{ $.a IS NOT NULL }",
        "{ $.a EXISTS }",
        '{ $.a > "x" }',
        "{ ($.a = 1 }",
        "[a",
        "[a b]",
        "[..., a, ...]",
        "[a = 1 && b = 2]",
        "[a] more",
        "%(a+)+b%",
        "%(a*)*%",
        "%(a?a?)*b%",
        "%(aa|aa)*b%",
        "%[%",
        "%(?i)a%",
        r"%\1%",
        "%a% %b% %c%",
        "{ " + "(" * 1000 + "$.a = 1",
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidParameterException):
        compile_pattern(pattern)


def test_a_term_with_other_characters_is_refused_in_awss_words() -> None:
    with pytest.raises(InvalidParameterException, match=r"^Invalid character\(s\) in term 'a-b'$"):
        compile_pattern("a-b")


# What holds for every pattern

_PARTS = st.sampled_from(
    [
        *('"', "%", "{", "}", "[", "]", "(", ")", "$", ".", "*", "?", "-", "\\", ",", "...", "'"),
        *(" ", "=", "!=", "<", ">=", "&&", "||", "&", "IS", "NULL", "NOT", "EXISTS", "a", "$.a"),
        *("1", "1e9", "\ud800", "é", "+", "\n", "$.a[0]", "['x']", "[*]"),
    ]
)


@given(st.lists(_PARTS, max_size=20).map("".join), st.text(max_size=20))
def test_any_text_is_a_pattern_or_is_refused(text: str, message: str) -> None:
    try:
        compiled = compile_pattern(text)
    except InvalidParameterException:
        return
    compiled.matches(message)
    compiled.extract(message)


_WORDS = st.lists(st.text("abAB", min_size=1, max_size=3), min_size=1, max_size=4)


@given(_WORDS, _WORDS, st.text("abAB ", max_size=12))
def test_terms_agree_with_plain_search(
    wanted: list[str], unwanted: list[str], message: str
) -> None:
    pattern = " ".join([*wanted, *(f'-"{word}"' for word in unwanted)])
    expected = all(word in message for word in wanted) and not any(
        word in message for word in unwanted
    )
    assert compile_pattern(pattern).matches(message) is expected
    either = " ".join(f"?{word}" for word in wanted)
    assert compile_pattern(either).matches(message) is any(word in message for word in wanted)


@given(_WORDS, st.text("abAB ", max_size=12))
def test_a_literal_stands_in_every_matching_message(wanted: list[str], message: str) -> None:
    compiled = compile_pattern(" ".join(wanted))
    if compiled.matches(message):
        assert compiled.literal in message


_SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(-3, 3), st.text("ab*1", max_size=4)
)


@given(_SCALARS, st.text("ab*1", max_size=4), st.sampled_from(["quoted", "bare"]))
def test_unequal_is_the_opposite_of_equal(scalar: Any, text: str, kind: Any) -> None:
    value = Value(kind, text)
    assert comparison("=", value)(scalar) is not comparison("!=", value)(scalar)


@given(st.floats(-100, 100), st.integers(-100, 100))
def test_numbers_are_ordered_as_numbers(number: float, bound: int) -> None:
    value = Value("bare", str(bound))
    assert comparison("<", value)(number) is (number < bound)
    assert comparison(">=", value)(number) is (number >= bound)
    assert comparison("=", value)(number) is (number == bound)


@given(st.text("ab", max_size=8), st.lists(st.text("ab", max_size=3), min_size=2, max_size=4))
def test_wildcards_agree_with_regular_expressions(text: str, parts: list[str]) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, parts)), text) is not None
    assert comparison("=", Value("quoted", "*".join(parts)))(text) is expected


@given(
    st.recursive(
        st.sampled_from([("$.t = 1", True), ("$.f = 1", False)]),
        lambda inner: st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            lambda parts: (
                f"({parts[0][0]} {parts[1]} {parts[2][0]})",
                (parts[0][1] and parts[2][1]) if parts[1] == "&&" else (parts[0][1] or parts[2][1]),
            )
        ),
        max_leaves=8,
    )
)
def test_boolean_structure_is_kept(case: tuple[str, bool]) -> None:
    text, expected = case
    assert compile_pattern(f"{{ {text} }}").matches('{"t": 1, "f": 0}') is expected
