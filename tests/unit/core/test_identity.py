"""Accounts from access keys, ARNs, ids."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.core.arn import arn_in, parse_arn
from lambent.core.identity import Scope, account_of, partition_of, temporary_access_key_id
from lambent.core.ids import IdSource


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("test", "000000000000"),
        ("123456789012", "123456789012"),
        ("", "000000000000"),
        ("AKIA0000000000000000", "000000000000"),
        # A key that its account's owner has published.
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
    ],
)
def test_an_access_key_tells_its_account(key: str, account: str) -> None:
    assert account_of(key) == account


@given(st.integers(0, 10**12 - 1), st.binary(min_size=10, max_size=10))
def test_keys_that_are_made_for_an_account_tell_it(account: int, entropy: bytes) -> None:
    key = temporary_access_key_id(f"{account:012d}", entropy)
    assert len(key) == 20
    assert account_of(key) == f"{account:012d}"


@given(st.text(max_size=30))
def test_no_key_breaks_the_reading(key: str) -> None:
    assert len(account_of(key)) == 12


def test_partitions_follow_the_region() -> None:
    assert partition_of("us-east-1") == "aws"
    assert partition_of("cn-north-1") == "aws-cn"
    assert partition_of("us-gov-west-1") == "aws-us-gov"


def test_an_arn_is_read_as_it_was_written() -> None:
    text = arn_in(Scope(), "lambda", "function:f:live")
    arn = parse_arn(text)
    assert arn is not None
    assert str(arn) == text
    assert arn.resource == "function:f:live"
    assert arn.scope == Scope()


@pytest.mark.parametrize("text", ["", "arn", "arn:aws:lambda:r:a", "urn:a:b:c:d:e", "arn:a::r:a:x"])
def test_what_is_no_arn_is_none(text: str) -> None:
    assert parse_arn(text) is None


def test_ids_are_uuids_and_repeat_with_their_seed() -> None:
    ids = IdSource(1)
    made = ids.uuid()
    assert uuid.UUID(made).version == 4
    assert str(uuid.UUID(made)) == made
    assert IdSource(1).uuid() == made
    assert IdSource().uuid() != IdSource().uuid()
    assert len(IdSource().hex(32)) == 32
    assert len(IdSource().token_bytes(30)) == 30
