"""Which operation a REST request is for."""

import pytest

from lambent.gateway.wire import compile_service

LAMBDA = compile_service("lambda")
S3 = compile_service("s3")
ARN = "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af"


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "labels"),
    [
        ("GET", "/2015-03-31/functions", "", "ListFunctions", {}),
        ("GET", "/2015-03-31/functions/", "MaxItems=1", "ListFunctions", {}),
        ("POST", "/2015-03-31/functions/", "", "CreateFunction", {}),
        ("GET", "/2015-03-31/functions/f", "", "GetFunction", {"FunctionName": "f"}),
        ("GET", "/2015-03-31/functions/f/", "", "GetFunction", {"FunctionName": "f"}),
        (
            "POST",
            f"/2015-03-31/functions/{ARN}/invocations",
            "Qualifier=1",
            "Invoke",
            {"FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f"},
        ),
        ("GET", "/2018-10-31/layers", "find=LayerVersion&Arn=a", "GetLayerVersionByArn", {}),
        ("GET", "/2018-10-31/layers", "", "ListLayers", {}),
        (
            "GET",
            "/2019-09-30/functions/f/provisioned-concurrency",
            "List=ALL",
            "ListProvisionedConcurrencyConfigs",
            {"FunctionName": "f"},
        ),
        (
            "GET",
            "/2019-09-30/functions/f/provisioned-concurrency",
            "",
            "GetProvisionedConcurrencyConfig",
            {"FunctionName": "f"},
        ),
        ("GET", "/2015-03-31/functions/a%2Fb", "", "GetFunction", {"FunctionName": "a/b"}),
    ],
)
def test_lambda_paths(
    method: str, path: str, query: str, operation: str, labels: dict[str, str]
) -> None:
    assert LAMBDA.match(method, path, query) == (operation, labels)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("PATCH", "/2015-03-31/functions"),
        ("GET", "/2015-03-31/functions//versions"),
        ("GET", "/2015-03-31/functions/f/g/h"),
        ("BREW", "/2015-03-31/functions"),
        ("GET", "//2015-03-31/functions"),
        ("GET", "*"),
        ("GET", ""),
    ],
)
def test_other_paths_are_no_operation(method: str, path: str) -> None:
    assert LAMBDA.match(method, path, "") is None


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "labels"),
    [
        ("GET", "/", "", "ListBuckets", {}),
        ("GET", "/b", "", "ListObjects", {"Bucket": "b"}),
        ("GET", "/b/", "", "ListObjects", {"Bucket": "b"}),
        ("GET", "/b", "list-type=2&prefix=x", "ListObjectsV2", {"Bucket": "b"}),
        ("GET", "/b", "acl", "GetBucketAcl", {"Bucket": "b"}),
        ("PUT", "/b/k/l/", "", "PutObject", {"Bucket": "b", "Key": "k/l/"}),
        ("GET", "/b/k%20l//m", "", "GetObject", {"Bucket": "b", "Key": "k l//m"}),
        (
            "PUT",
            "/b/k",
            "partNumber=1&uploadId=u",
            "UploadPart",
            {"Bucket": "b", "Key": "k"},
        ),
        ("POST", "/b/k", "uploads", "CreateMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("POST", "/b/k", "uploadId=u", "CompleteMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("DELETE", "/b/k", "uploadId=u", "AbortMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("DELETE", "/b/k", "", "DeleteObject", {"Bucket": "b", "Key": "k"}),
        ("POST", "/b", "delete", "DeleteObjects", {"Bucket": "b"}),
    ],
)
def test_s3_paths(
    method: str, path: str, query: str, operation: str, labels: dict[str, str]
) -> None:
    assert S3.match(method, path, query) == (operation, labels)


def test_a_required_header_tells_a_copy_from_a_put() -> None:
    found = S3.match("PUT", "/b/k", "", {"x-amz-copy-source": "/c/l"})
    assert found == ("CopyObject", {"Bucket": "b", "Key": "k"})


def test_a_path_of_ten_thousand_parts_is_read_at_once() -> None:
    found = S3.match("GET", "/b" + "/k" * 10_000, "nonsense")
    assert found is not None
    assert found[0] == "GetObject"
