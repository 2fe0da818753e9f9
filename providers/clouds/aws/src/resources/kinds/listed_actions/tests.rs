use super::*;

#[test]
fn names_are_taken_apart_into_words() {
    for (name, expected) in [
        ("PutBucketPolicy", &["Put", "Bucket", "Policy"][..]),
        ("PutBucketAcl", &["Put", "Bucket", "Acl"]),
        ("GetACLs", &["Get", "AC", "Ls"]),
        ("ListSQLJobs", &["List", "SQL", "Jobs"]),
        ("connect", &["connect"]),
        ("DbConnectAdmin", &["Db", "Connect", "Admin"]),
    ] {
        assert_eq!(words(name), expected, "{name}");
    }
}

#[test]
fn what_uses_a_resource_is_let_through() {
    for action in [
        "sns:Publish",
        "kinesis:GetRecords",
        "kinesis:PutRecord",
        "lambda:InvokeFunction",
        "states:StartExecution",
        "events:PutEvents",
        "glue:GetTable",
        "athena:StartQueryExecution",
        "bedrock:InvokeModel",
        "sagemaker:InvokeEndpoint",
        "firehose:PutRecordBatch",
        "es:ESHttpGet",
        "rds-db:connect",
        "kinesis:SubscribeToShard",
        "elasticfilesystem:ClientMount",
    ] {
        let service = action.split(':').next().unwrap_or_default();
        assert_eq!(refused(action, service), None, "{action}");
    }
}

/// Whatever it lists, a list starts nothing. Where it has what was given to something, it stays refused.
#[test]
fn a_list_of_what_runs_is_let_through_unless_it_has_what_runs_in_it() {
    for action in [
        "events:ListRules",
        "codebuild:ListBuilds",
        "codebuild:ListBuildsForProject",
        "ecs:ListTasks",
        "codebuild:ListProjects",
        "states:ListStateMachines",
    ] {
        let service = action.split(':').next().unwrap_or_default();
        assert_eq!(refused(action, service), None, "{action}");
    }
    for action in [
        "lambda:ListFunctions",
        "events:ListTargetsByRule",
        "elasticmapreduce:ListInstanceFleets",
        "elasticmapreduce:ListSteps",
        "mediaconvert:ListJobs",
        "redshift-data:ListStatements",
        "ecs:ListTaskDefinitions",
        "glue:GetJobBookmark",
        "events:PutRule",
        "events:DeleteRule",
        "events:DescribeRule",
        "events:listrules",
        "codebuild:BatchGetBuilds",
        "kms:ListGrants",
        "iot:ListPrincipalThings",
        "cognito-idp:ListUsers",
    ] {
        let service = action.split(':').next().unwrap_or_default();
        assert!(refused(action, service).is_some(), "{action}");
    }
}

#[test]
fn what_shares_hands_out_or_acts_as_others_is_never_let_through() {
    for action in [
        "*",
        "s3:*",
        "s3:Put*",
        "s3:Get?bject",
        "s3:PutBucketPolicy",
        "s3:PutBucketAcl",
        "s3:PutObjectAcl",
        "s3:PutAccessPointPolicy",
        "secretsmanager:PutResourcePolicy",
        "ecr:SetRepositoryPolicy",
        "lambda:AddPermission",
        "lambda:AddLayerVersionPermission",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:CreateFunctionUrlConfig",
        "sqs:AddPermission",
        "sns:AddPermission",
        "kms:CreateGrant",
        "kms:RetireGrant",
        "kms:RevokeGrant",
        "kms:PutKeyPolicy",
        "iam:PassRole",
        "iam:CreateAccessKey",
        "sts:AssumeRole",
        "redshift:GetClusterCredentials",
        "redshift-serverless:GetCredentials",
        "redshift:AuthorizeDataShare",
        "glue:PutResourcePolicy",
        "glue:UpdateJob",
        "glue:GetConnection",
        "codebuild:StartBuild",
        "ecs:ExecuteCommand",
        "ecs:RunTask",
        "ssm:SendCommand",
        "ssm:StartSession",
        "states:UpdateStateMachine",
        "sagemaker:CreatePresignedNotebookInstanceUrl",
        "sagemaker:CreatePresignedDomainUrl",
        "dynamodb:PutResourcePolicy",
        "ecr:GetAuthorizationToken",
        "rds:ModifyDBInstance",
        "rds:ModifyDBSnapshotAttribute",
        "rds:ModifyDBClusterSnapshotAttribute",
        "ec2:ModifyImageAttribute",
        "ec2:ModifySnapshotAttribute",
        "logs:PutResourcePolicy",
        "logs:PutSubscriptionFilter",
        "logs:PutDestination",
        "elasticfilesystem:PutFileSystemPolicy",
        "opensearch:UpdateDomainConfig",
        "sns:SetTopicAttributes",
        "sqs:SetQueueAttributes",
        "sns:Subscribe",
        // In any case, as IAM takes it.
        "lambda:updatefunctioncode",
        "lambda:UPDATEFUNCTIONCODE",
        "lambda:UpdateFunctioncode",
        "lambda:getfunction",
        "lambda:GetFunction",
        "sns:settopicattributes",
        "ecs:runtask",
        "events:Puttargets",
        "events:PutTARGETS",
        "cloudwatch:PutMetricalarm",
        // What makes, changes or starts something.
        "rds:ModifyDBCluster",
        "redshift:ModifyCluster",
        "redshift-serverless:UpdateNamespace",
        "lightsail:UpdateRelationalDatabase",
        "glue:UpdateDevEndpoint",
        "glue:StartJobRun",
        "ecs:CreateService",
        "ecs:UpdateService",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:ModifyVpcEndpoint",
        "kinesisanalytics:UpdateApplication",
        "codedeploy:CreateDeployment",
        "servicecatalog:ProvisionProduct",
        "apigateway:PATCH",
        "apigateway:GET",
        "kafka:UpdateSecurity",
        "eks:MutateViaKubernetesApi",
        "iot:CreateProvisioningClaim",
        "quicksight:GetDashboardEmbedUrl",
        "events:PutTargets",
        "events:PutRule",
    ] {
        let service = action.split(':').next().unwrap_or_default();
        assert!(refused(action, service).is_some(), "{action}");
    }
}

#[test]
fn an_action_is_one_of_the_arn_s_own_service() {
    for action in ["sns:Publish", "kinesis", "kinesis:", ":GetRecords", "kinesis:Get Records", "Kinesis:GetRecords", ""]
    {
        assert!(refused(action, "kinesis").is_some(), "{action}");
    }
}

#[test]
fn what_stands_behind_batch_is_the_verb() {
    let of = |action: &str| refused(action, action.split(':').next().unwrap_or_default());
    for action in [
        "bedrock-agentcore:BatchCreateMemoryRecords",
        "dax:BatchWriteItem",
        "geo:BatchPutGeofence",
        "geo:BatchUpdateDevicePosition",
        "glue:BatchCreatePartition",
        "glue:BatchDeletePartition",
        "glue:BatchGetPartition",
        "glue:BatchUpdatePartition",
        "iotsitewise:BatchPutAssetPropertyValue",
        "kendra:BatchPutDocument",
        "sagemaker:BatchGetRecord",
        "sagemaker:BatchPutMetrics",
    ] {
        assert_eq!(of(action), None, "{action}");
    }
    for action in [
        "cases:BatchPutFieldOptions",
        "dms:BatchStartRecommendations",
        "elasticache:BatchApplyUpdateAction",
        "medialive:BatchStart",
        "medialive:BatchUpdateSchedule",
        "memorydb:BatchUpdateCluster",
        "redshift:BatchModifyClusterSnapshots",
        "sagemaker:BatchAddClusterNodes",
        "servicecatalog:BatchAssociateServiceActionWithProvisioningArtifact",
        "glue:Batch",
        "glue:BATCHGetPartition",
    ] {
        assert!(of(action).is_some_and(|(why, _)| !why.contains("is no action")), "{action}");
    }
}

/// Of services whose actions are otherwise those of records, and of whole services, other_arn.rs.
#[test]
fn what_sets_up_what_others_run_or_watch_is_refused_and_what_writes_records_is_not() {
    let of = |action: &str| refused(action, action.split(':').next().unwrap_or_default());
    for action in [
        "airflow:InvokeRestApi",
        "airflow:invokerestapi",
        "application-autoscaling:PutScheduledAction",
        "appsync:PutGraphqlApiEnvironmentVariables",
        "appsync:GetGraphqlApiEnvironmentVariables",
        "autoscaling:PutLifecycleHook",
        "autoscaling:DeleteLifecycleHook",
        "autoscaling:PutWarmPool",
        "cloudformation:PublishType",
        "cloudwatch:DeleteMetricStream",
        "cloudwatch:PutDashboard",
        "cloudwatch:PutManagedInsightRules",
        "cloudwatch:PutMetricStream",
        "codecommit:PutRepositoryTriggers",
        "codedeploy:PutLifecycleEventHookExecutionStatus",
        "codepipeline:PutActionRevision",
        "codepipeline:PutApprovalResult",
        "codepipeline:PutWebhook",
        "codepipeline:PutWEBHOOK",
        "ec2:DeleteFlowLogs",
        "ecs:PutClusterCapacityProviders",
        "frauddetector:PutExternalModel",
        "glue:PutDataCatalogEncryptionSettings",
        "iotwireless:PutResourceLogLevel",
        "lambda:PublishVersion",
        "lex:PutBotAlias",
        "lex:PutIntent",
        "logs:DeleteMetricFilter",
        "logs:PutDeliverySource",
        "logs:PutTransformer",
        "mobiletargeting:PutEventStream",
        "ses:VerifyDomainIdentity",
        "signer:PutSigningProfile",
    ] {
        assert!(of(action).is_some_and(|(why, _)| !why.contains("is no action")), "{action}");
    }
    for action in [
        "bedrock:InvokeAgent",
        "bedrock:InvokeModelWithResponseStream",
        "cloudwatch:DescribeAnomalyDetectors",
        "cloudwatch:GetDashboard",
        "cloudwatch:PutMetricData",
        "codeartifact:PublishPackageVersion",
        "glue:DeleteTable",
        "glue:PutWorkflowRunProperties",
        "kinesis:DescribeStream",
        "kinesis:PutRecords",
        "kinesisvideo:PutMedia",
        "logs:PutLogEvents",
        "mediastore:PutObject",
        "personalize:PutItems",
        "profile:PutProfileObject",
        "s3vectors:PutVectors",
        "sagemaker:PutRecord",
        "ses:SendEmail",
        "sns:PublishBatch",
        "timestream:Select",
        "timestream:WriteRecords",
        "xray:PutTraceSegments",
    ] {
        assert_eq!(of(action), None, "{action}");
    }
}

#[test]
fn several_of_what_is_refused_are_refused() {
    for action in [
        "chatbot:GetSlackOauthParameters",
        "datazone:GetEnvironmentActionLink",
        "thing:GetFileDownloadUrls",
        "thing:GetFileUploadURLs",
        "thing:ListKeys",
        "thing:PutLogins",
        "thing:GetClaims",
        "thing:GetRoles",
        "events:PutRules",
        "thing:GetACLs",
    ] {
        let service = action.split(':').next().unwrap_or_default();
        assert!(refused(action, service).is_some(), "{action}");
    }
}

#[test]
fn actions_of_data_that_begin_otherwise_than_the_arn_can_be_listed_on_it() {
    for (service, action) in [
        ("kafka", "kafka-cluster:Connect"),
        ("kafka", "kafka-cluster:ReadData"),
        ("kafka", "kafka-cluster:WriteData"),
        ("kafka", "kafka-cluster:DescribeGroup"),
        ("kafka", "kafka-cluster:AlterGroup"),
        ("kafka", "kafka:GetBootstrapBrokers"),
        ("rds", "rds-data:ExecuteStatement"),
        ("rds", "rds-data:BeginTransaction"),
        ("redshift", "redshift-data:ExecuteStatement"),
        ("redshift-serverless", "redshift-data:ListTables"),
        ("ec2", "ebs:GetSnapshotBlock"),
        ("elasticache", "elasticache:Connect"),
        ("memorydb", "memorydb:Connect"),
        ("cassandra", "cassandra:Modify"),
        ("cassandra", "cassandra:Select"),
        ("glue", "glue:UpdateTable"),
        ("glue", "glue:CreatePartition"),
    ] {
        assert_eq!(refused(action, service), None, "{action} on {service}");
    }
    for (service, action) in [
        ("kafka", "kafka-cluster:AlterCluster"),
        ("kafka", "kafka-cluster:CreateTopic"),
        ("kafka", "kafka-cluster:AlterTopicDynamicConfiguration"),
        ("kafka", "rds-data:ExecuteStatement"),
        ("kafka-cluster", "kafka:GetBootstrapBrokers"),
        ("rds-data", "rds:DescribeDBClusters"),
        ("rds", "rds-data:ExecuteSql"),
        ("redshift", "redshift:GetClusterCredentials"),
        ("rds", "ebs:GetSnapshotBlock"),
        ("ec2", "ebs:StartSnapshot"),
        ("glue", "glue:CreateDatabase"),
        ("glue", "glue:UpdateDatabase"),
        ("glue", "glue:CreateTableOptimizer"),
    ] {
        assert!(refused(action, service).is_some(), "{action} on {service}");
    }
    let (_, hint) = refused("sns:Publish", "kafka").expect("refused");
    assert!(hint.ends_with("such as kafka:ACTION or kafka-cluster:ACTION"), "{hint}");
}

/// No word tells a record from what somebody set up: those that are no more than records are listed by name.
#[test]
fn what_deletes_more_than_records_is_refused() {
    let of = |action: &str| refused(action, action.split(':').next().unwrap_or_default());
    for action in [
        "bedrock:DeleteGuardrail",
        "ec2:DeleteTags",
        "ec2:DeleteVpcEndpoints",
        "elasticfilesystem:DeleteFileSystem",
        "elasticloadbalancing:DeleteLoadBalancer",
        "kafka-cluster:DeleteTopic",
        "kinesis:DeleteStream",
        "lambda:DeleteEventSourceMapping",
        "logs:DeleteLogGroup",
        "logs:DeleteLogStream",
        "oam:DeleteLink",
        "pipes:DeletePipe",
        "rds:DeleteDBCluster",
        "s3tables:DeleteTable",
        "rds:DeleteDBClusterSnapshot",
        "sagemaker:DeleteTags",
        "scheduler:DeleteSchedule",
        "synthetics:DeleteCanary",
        "glue:BatchDeleteConnection",
    ] {
        assert!(of(action).is_some_and(|(why, _)| !why.contains("is no action")), "{action}");
    }
    for action in ["dax:DeleteItem", "glue:BatchDeletePartition", "rekognition:DeleteFaces", "sagemaker:DeleteRecord"] {
        assert_eq!(of(action), None, "{action}");
    }
    assert!(
        of("ec2:GetLaunchTemplateData").is_some(),
        "its answer has what machines begin with, which may have passwords in it"
    );
}

/// An action that only reads has nothing run: it is refused for what it shows.
#[test]
fn a_reading_action_is_refused_for_what_it_shows() {
    let of = |action: &str| refused(action, action.split(':').next().unwrap_or_default()).expect("refused").0;
    for action in ["codebuild:BatchGetProjects", "lambda:GetFunction", "ecs:DescribeTaskDefinition"] {
        assert!(of(action).starts_with("can show the code"), "{action}: {}", of(action));
    }
    assert!(of("ssm:SendCommand").starts_with("can have something run"));
}
