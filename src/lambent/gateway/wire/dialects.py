"""What services answer that their models do not say: one table for each peculiarity."""

JSON_TYPE_PREFIX = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810#",
    "sqs": "com.amazonaws.sqs#",
}
"""What stands before the error's name in `__type`. AWS: others send the plain name."""

CORAL_TYPE_PREFIX = {
    "ValidationException": "com.amazon.coral.validate#",
    "SerializationException": "com.amazon.coral.service#",
    "UnknownOperationException": "com.amazon.coral.service#",
}
"""Errors of AWS's service framework itself, in services that write prefixes at all."""

QUERY_ERROR_CODES = {
    "sqs": {
        "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
        "KmsAccessDenied": "KMS.AccessDeniedException",
        "KmsDisabled": "KMS.DisabledException",
        "KmsInvalidKeyUsage": "KMS.InvalidKeyUsageException",
        "KmsInvalidState": "KMS.InvalidStateException",
        "KmsNotFound": "KMS.NotFoundException",
        "KmsOptInRequired": "KMS.OptInRequired",
        "KmsThrottled": "KMS.ThrottlingException",
        "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
        "QueueDeletedRecently": "AWS.SimpleQueueService.QueueDeletedRecently",
        "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
    },
}
"""Codes of the query protocol by the error's name, where the model no longer has them.

Source: Amazon SQS API Reference; botocore's SQS model before it lost them (1.29).
"""

_NAME_AND_VALUE = {"key": "Name", "value": "Value"}

QUERY_NAMES = {
    "sqs": {
        "AWSAccountIdList": {"member": "AWSAccountId"},
        "ActionNameList": {"member": "ActionName"},
        "AttributeNameList": {"member": "AttributeName"},
        "BatchResultErrorEntryList": {"member": "BatchResultErrorEntry"},
        "BinaryList": {"member": "BinaryListValue"},
        "ChangeMessageVisibilityBatchRequestEntryList": {
            "member": "ChangeMessageVisibilityBatchRequestEntry"
        },
        "ChangeMessageVisibilityBatchResultEntryList": {
            "member": "ChangeMessageVisibilityBatchResultEntry"
        },
        "CreateQueueRequest": {"Attributes": "Attribute", "tags": "Tag"},
        "DeleteMessageBatchRequestEntryList": {"member": "DeleteMessageBatchRequestEntry"},
        "DeleteMessageBatchResultEntryList": {"member": "DeleteMessageBatchResultEntry"},
        "GetQueueAttributesResult": {"Attributes": "Attribute"},
        "ListMessageMoveTasksResultEntryList": {"member": "ListMessageMoveTasksResultEntry"},
        "ListQueueTagsResult": {"Tags": "Tag"},
        "Message": {"Attributes": "Attribute", "MessageAttributes": "MessageAttribute"},
        "MessageAttributeNameList": {"member": "MessageAttributeName"},
        "MessageAttributeValue": {
            "StringListValues": "StringListValue",
            "BinaryListValues": "BinaryListValue",
        },
        "MessageBodyAttributeMap": _NAME_AND_VALUE,
        "MessageBodySystemAttributeMap": _NAME_AND_VALUE,
        "MessageList": {"member": "Message"},
        "MessageSystemAttributeList": {"member": "MessageSystemAttributeName"},
        "MessageSystemAttributeMap": _NAME_AND_VALUE,
        "MessageSystemAttributeValue": {
            "StringListValues": "StringListValue",
            "BinaryListValues": "BinaryListValue",
        },
        "QueueAttributeMap": _NAME_AND_VALUE,
        "QueueUrlList": {"member": "QueueUrl"},
        "SendMessageBatchRequestEntry": {
            "MessageAttributes": "MessageAttribute",
            "MessageSystemAttributes": "MessageSystemAttribute",
        },
        "SendMessageBatchRequestEntryList": {"member": "SendMessageBatchRequestEntry"},
        "SendMessageBatchResultEntryList": {"member": "SendMessageBatchResultEntry"},
        "SendMessageRequest": {
            "MessageAttributes": "MessageAttribute",
            "MessageSystemAttributes": "MessageSystemAttribute",
        },
        "SetQueueAttributesRequest": {"Attributes": "Attribute"},
        "StringList": {"member": "StringListValue"},
        "TagKeyList": {"member": "TagKey"},
        "TagMap": {"key": "Key", "value": "Value"},
        "TagQueueRequest": {"Tags": "Tag"},
    },
}
"""Names in the query protocol, by shape and member, where the model no longer has them.

`member`, `key` and `value` are those of lists and maps. Source: Amazon SQS API Reference, the
query examples; botocore's SQS model before it lost them (1.29).
"""

QUERY_NAMESPACES = {"sqs": "http://queue.amazonaws.com/doc/2012-11-05/"}
"""The namespace of query answers, where the model no longer has it."""

BLOB_CONTENT_TYPES = {"lambda": "application/json", "s3": "binary/octet-stream"}
"""What an answer that is a blob is said to be, where its members do not say it."""

XML_NAMESPACES = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}
"""The namespace of every answer's root element."""

XML_ROOTS = {
    "s3": {
        "CompleteMultipartUpload": "CompleteMultipartUploadResult",
        "CreateMultipartUpload": "InitiateMultipartUploadResult",
        "DeleteObjects": "DeleteResult",
        "GetBucketAcl": "AccessControlPolicy",
        "GetBucketCors": "CORSConfiguration",
        "GetBucketLifecycle": "LifecycleConfiguration",
        "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
        "GetBucketLocation": "LocationConstraint",
        "GetBucketLogging": "BucketLoggingStatus",
        "GetBucketNotificationConfiguration": "NotificationConfiguration",
        "GetBucketRequestPayment": "RequestPaymentConfiguration",
        "GetBucketTagging": "Tagging",
        "GetBucketVersioning": "VersioningConfiguration",
        "GetBucketWebsite": "WebsiteConfiguration",
        "GetObjectAcl": "AccessControlPolicy",
        "GetObjectAttributes": "GetObjectAttributesResponse",
        "GetObjectTagging": "Tagging",
        "ListBuckets": "ListAllMyBucketsResult",
        "ListMultipartUploads": "ListMultipartUploadsResult",
        "ListObjectVersions": "ListVersionsResult",
        "ListObjects": "ListBucketResult",
        "ListObjectsV2": "ListBucketResult",
        "ListParts": "ListPartsResult",
    },
}
"""Names of the root elements of answers. Source: Amazon S3 API Reference, response syntax."""
