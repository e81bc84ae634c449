"""Who calls, and where: partition, account, region."""

import base64
import binascii
from dataclasses import dataclass

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
DEFAULT_PARTITION = "aws"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a resource lives. Every resource is keyed by it."""

    partition: str = DEFAULT_PARTITION
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose credentials signed a request. `access_key_id` is None for an unsigned one."""

    scope: Scope
    access_key_id: str | None = None


def partition_of(region: str) -> str:
    """The partition a region belongs to, by its prefix."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"


def account_of(access_key_id: str) -> str:
    """The account an access key belongs to.

    Twelve digits are the account itself, as clients of local platforms are used to. A key of AWS's
    own form (AKIA… or ASIA…, 20 characters) carries its account in its base32 part; every other
    key belongs to the default account.
    Source: "A short note on AWS KEY ID" (2023), which decodes real keys this way.
    """
    if len(access_key_id) == 12 and access_key_id.isdigit():
        return access_key_id
    if len(access_key_id) != 20 or access_key_id[:4] not in ("AKIA", "ASIA"):
        return DEFAULT_ACCOUNT
    try:
        decoded = base64.b32decode(access_key_id[4:])
    except binascii.Error:
        return DEFAULT_ACCOUNT
    account = (int.from_bytes(decoded[:6], "big") & _ACCOUNT_BITS) >> 7
    return f"{account:012d}" if account < 10**12 else DEFAULT_ACCOUNT


def temporary_access_key_id(account: str, entropy: bytes) -> str:
    """An access key id of AWS's form for temporary credentials of `account`; 10 random bytes."""
    head = (int(account) << 7) | (1 << 47) | (entropy[5] & 0x7F)
    body = head.to_bytes(6, "big") + entropy[6:10]
    return "ASIA" + base64.b32encode(body).decode()


_ACCOUNT_BITS = 0x7FFFFFFFFF80
