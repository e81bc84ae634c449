"""Who calls, read from each form of credentials."""

import pytest

from lambent.core.errors import AwsError
from lambent.core.http import HttpRequest
from lambent.core.identity import Scope, temporary_access_key_id
from lambent.gateway.credentials import Authenticator, Identity


def identify(*, authorization: str | None = None, query: str = "") -> Identity:
    headers = {} if authorization is None else {"authorization": authorization}
    request = HttpRequest(method="GET", path="/", query=query, headers=headers)
    return Authenticator(default_region="eu-north-1", default_account="424242424242").identify(
        request
    )


def sigv4(credential: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"


def test_a_signature_names_key_region_and_service() -> None:
    identity = identify(authorization=sigv4("111122223333/20261123/eu-west-1/sqs/aws4_request"))
    assert identity.caller.access_key_id == "111122223333"
    assert identity.caller.scope == Scope("aws", "111122223333", "eu-west-1")
    assert identity.signing_name == "sqs"


def test_a_credential_may_come_last_and_its_key_may_have_slashes() -> None:
    header = (
        "AWS4-HMAC-SHA256 SignedHeaders=host, Credential=a/b/20261123/us-east-1/s3/aws4_request"
    )
    identity = identify(authorization=header)
    assert (identity.caller.access_key_id, identity.signing_name) == ("a/b", "s3")


def test_a_key_that_names_no_account_is_of_the_default_one() -> None:
    identity = identify(authorization=sigv4("test/20261123/us-east-1/sqs/aws4_request"))
    assert identity.caller.scope.account == "424242424242"


def test_a_key_of_awss_form_carries_its_account() -> None:
    key = temporary_access_key_id("123456789012", bytes(10))
    identity = identify(authorization=sigv4(f"{key}/20261123/us-east-1/sqs/aws4_request"))
    assert identity.caller.scope.account == "123456789012"


def test_a_presigned_url_names_them_too() -> None:
    query = "a=b&X-Amz-Credential=k%2F20261123%2Fcn-north-1%2Fs3%2Faws4_request"
    identity = identify(query=query)
    assert (identity.caller.scope.partition, identity.signing_name) == ("aws-cn", "s3")


def test_a_signature_for_a_set_of_regions_names_none() -> None:
    header = "AWS4-ECDSA-P256-SHA256 Credential=k/20261123/s3/aws4_request, Signature=0"
    identity = identify(authorization=header)
    assert (identity.signing_name, identity.names_region) == ("s3", False)


@pytest.mark.parametrize(
    ("authorization", "query"), [("AWS k:signature", ""), (None, "AWSAccessKeyId=k&Signature=s")]
)
def test_signature_version_2_is_of_s3(authorization: str | None, query: str) -> None:
    identity = identify(authorization=authorization, query=query)
    assert (identity.caller.access_key_id, identity.signing_name) == ("k", "s3")


@pytest.mark.parametrize("authorization", [None, "Bearer token", ""])
def test_without_aws_credentials_nobody_calls(authorization: str | None) -> None:
    identity = identify(authorization=authorization)
    assert identity.caller.access_key_id is None
    assert identity.caller.scope == Scope("aws", "424242424242", "eu-north-1")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("AWS4-HMAC-SHA256 Signature=0", "IncompleteSignatureException"),
        (sigv4("k/20261123/us-east-1/sqs"), "IncompleteSignatureException"),
        (sigv4("k/20261123/us east/sqs/aws4_request"), "InvalidSignatureException"),
        (sigv4("k/20261123//sqs/aws4_request"), "InvalidSignatureException"),
    ],
)
def test_credentials_that_cannot_be_read_are_refused(authorization: str, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        identify(authorization=authorization)
    assert refused.value.code == code
