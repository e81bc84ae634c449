"""Operations of CloudWatch Logs that are not there yet, and why."""

_LATER = {
    "subscription filters come with the event sources that they deliver to": (
        "DeleteSubscriptionFilter DescribeSubscriptionFilters PutSubscriptionFilter "
        "DeleteDestination DescribeDestinations PutDestination PutDestinationPolicy"
    ),
    "metric filters come with CloudWatch metrics": (
        "DeleteMetricFilter DescribeMetricFilters PutMetricFilter"
    ),
    "Logs Insights queries come later": (
        "DeleteQueryDefinition DescribeQueries DescribeQueryDefinitions GetLogFields "
        "GetLogGroupFields GetLogObject GetLogRecord GetQueryResults ListLogGroupsForQuery "
        "PutQueryDefinition StartQuery StopQuery CreateScheduledQuery DeleteScheduledQuery "
        "GetScheduledQuery GetScheduledQueryHistory ListScheduledQueries UpdateScheduledQuery "
        "CreateLookupTable DeleteLookupTable DescribeLookupTables GetLookupTable "
        "UpdateLookupTable DeleteIndexPolicy DescribeFieldIndexes DescribeIndexPolicies "
        "PutIndexPolicy ListAggregateLogGroupSummaries"
    ),
    "resource policies come with permissions": (
        "DeleteResourcePolicy DescribeResourcePolicies PutResourcePolicy DeleteAccountPolicy "
        "DescribeAccountPolicies PutAccountPolicy PutBearerTokenAuthentication"
    ),
    "exports and imports come with S3": (
        "CancelExportTask CreateExportTask DescribeExportTasks CancelImportTask "
        "CreateImportTask DescribeImportTaskBatches DescribeImportTasks "
        "AssociateSourceToS3TableIntegration DisassociateSourceFromS3TableIntegration "
        "ListSourcesForS3TableIntegration GetStorageTierPolicy PutStorageTierPolicy"
    ),
    "vended log delivery is not planned: its sources are services outside Lambent": (
        "CreateDelivery DeleteDelivery DeleteDeliveryDestination DeleteDeliveryDestinationPolicy "
        "DeleteDeliverySource DescribeConfigurationTemplates DescribeDeliveries "
        "DescribeDeliveryDestinations DescribeDeliverySources GetDelivery "
        "GetDeliveryDestination GetDeliveryDestinationPolicy GetDeliverySource "
        "PutDeliveryDestination PutDeliveryDestinationPolicy PutDeliverySource "
        "UpdateDeliveryConfiguration DeleteSyslogConfiguration ListSyslogConfigurations "
        "PutSyslogConfiguration"
    ),
    "anomaly detection, data protection, transformers and integrations are not planned": (
        "CreateLogAnomalyDetector DeleteLogAnomalyDetector GetLogAnomalyDetector ListAnomalies "
        "ListLogAnomalyDetectors UpdateAnomaly UpdateLogAnomalyDetector "
        "DeleteDataProtectionPolicy GetDataProtectionPolicy PutDataProtectionPolicy "
        "DeleteTransformer GetTransformer PutTransformer TestTransformer DeleteIntegration "
        "GetIntegration ListIntegrations PutIntegration"
    ),
}

NOT_BUILT = {
    operation: why for why, operations in _LATER.items() for operation in operations.split()
}
