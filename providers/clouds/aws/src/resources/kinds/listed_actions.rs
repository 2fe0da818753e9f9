//! Which actions a manifest may list for an ARN of a service that nobody here knows, told by the form of their names: whole names of the
//! ARN's own service that begin with a verb of using what is there, in AWS's own spelling, and have no word of sharing, of credentials
//! or of acting as somebody else. IAM itself takes an action in any case.

/// Words in an action that are about who has access, about credentials, or about acting as somebody else, and what such an action
/// does, as the end of a sentence. A word is found wherever it is a whole one of the action's name.
const NEVER: [(&[&str], &str); 3] = [
    (
        &[
            "Policy",
            "Policies",
            "Permission",
            "Permissions",
            "Grant",
            "Grants",
            "Role",
            "Roles",
            "Acl",
            "Acls",
            "ACL",
            "Share",
            "Shares",
            "Shared",
            "Sharing",
            "Unshare",
            "Authorize",
            "Authorization",
            "Authorizer",
            "Revoke",
            "Principal",
            "Principals",
            "Trust",
            "Trusts",
            "Invitation",
            "Invitations",
            "Invite",
            "Member",
            "Members",
            "Membership",
            "Owner",
            "Ownership",
            "Delegate",
            "Delegated",
            "Subscriber",
            "Subscribers",
            "Cross",
            "Public",
            "Access",
            "Entitlement",
            "Entitlements",
            "Attribute",
            "Attributes",
            "Config",
            "Subscribe",
            "Subscription",
            "Destination",
            "Admin",
            "Administrator",
            "User",
            "Users",
            "Group",
            "Groups",
            "Association",
            "Federation",
            "Security",
        ],
        "manages who has access, which is up to administrators and not to task code",
    ),
    (
        &[
            "Credential",
            "Credentials",
            "Token",
            "Tokens",
            "Password",
            "Passwords",
            "Key",
            "Keys",
            "Secret",
            "Secrets",
            "Login",
            "Certificate",
            "Certificates",
            "Presigned",
            "Signed",
            "Auth",
            "Session",
            "Sessions",
            "Connection",
            "Export",
            "Url",
            "Claim",
        ],
        "can hand out what others log in with",
    ),
    (
        &[
            "Pass",
            "Assume",
            "Impersonate",
            "Command",
            "Commands",
            "Execute",
            "Code",
            "Configuration",
            "Definition",
            "Layer",
            "Job",
            "Jobs",
            "Build",
            "Builds",
            "Project",
            "Statement",
            "Script",
            "Steps",
            "Step",
            "Notebook",
            "Instance",
            "Instances",
            "Function",
            "Machine",
            "Task",
            "Tasks",
            "Stack",
            "Stacks",
            "Target",
            "Targets",
            "Rule",
            "Alarm",
        ],
        "can have something run as another principal than the task's own",
    ),
];

/// From how many letters on a word is found within others, too.
const SEEN_WITHIN: usize = 5;

/// The same, whatever stands around them.
const NEVER_WITHIN: [&str; 9] =
    ["accesskey", "acls", "authoriz", "credential", "grant", "passrole", "password", "permission", "polic"];

/// With what an action's name begins that uses what is there, in AWS's own spelling. What makes, changes or starts something can be given
/// a role, a script or a password with it, which no name tells.
const VERBS: [&str; 26] = [
    "Batch",
    "Converse",
    "Count",
    "Delete",
    "Describe",
    "Detect",
    "Get",
    "Head",
    "Invoke",
    "List",
    "Lookup",
    "Publish",
    "Put",
    "Query",
    "Read",
    "Receive",
    "Recognize",
    "Retrieve",
    "Scan",
    "Search",
    "Select",
    "Send",
    "Synthesize",
    "Translate",
    "Verify",
    "Write",
];

/// Actions that begin otherwise, or that one of the words is in, and that only use what is there.
const USES: [(&str, &str); 22] = [
    ("appconfig", "GetLatestConfiguration"),
    ("appconfig", "StartConfigurationSession"),
    ("athena", "StartQueryExecution"),
    ("athena", "StopQueryExecution"),
    ("batch", "DescribeJobs"),
    ("elasticfilesystem", "ClientMount"),
    ("elasticfilesystem", "ClientWrite"),
    ("es", "ESHttpDelete"),
    ("es", "ESHttpGet"),
    ("es", "ESHttpHead"),
    ("es", "ESHttpPost"),
    ("es", "ESHttpPut"),
    ("glue", "GetJob"),
    ("glue", "GetJobRun"),
    ("glue", "GetJobRuns"),
    ("kinesis", "SubscribeToShard"),
    ("lambda", "InvokeFunction"),
    ("lambda", "InvokeFunctionUrl"),
    ("rds-db", "connect"),
    ("states", "DescribeExecution"),
    ("states", "StartExecution"),
    ("states", "StartSyncExecution"),
];

/// Why an action can't be listed for an ARN of a service, as the end of a sentence that begins with it, and what to do; `None` where it
/// can.
pub(crate) fn refused(action: &str, service: &str) -> Option<(String, String)> {
    let own = format!("list whole actions of the ARN's service, such as {service}:ACTION");
    if action.contains(['*', '?', '$']) {
        let why = "has a wildcard, which would also match actions that aren't listed, among them future ones and ones that share access";
        return Some((why.to_owned(), own));
    }
    let letters = |name: &str| {
        name.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let Some((of, name)) = action.split_once(':').filter(|(_, name)| letters(name)) else {
        return Some(("is no action".to_owned(), own));
    };
    if of != service {
        return Some((format!("is no action of {service}, whose resource this is"), own));
    }
    if USES.contains(&(of, name)) {
        return None;
    }
    let words = words(name);
    let folded = name.to_ascii_lowercase();
    // IAM takes a name in any case, so that its words are found within others as well: all but the shortest, which are in very many.
    let is = |never: &&str| {
        let has = || never.len() >= SEEN_WITHIN && folded.contains(&never.to_ascii_lowercase());
        words.iter().any(|word| never.eq_ignore_ascii_case(word)) || has()
    };
    let is_in = |never: &&(&[&str], &str)| never.0.iter().any(&is);
    let within = || NEVER_WITHIN.iter().any(|it| folded.contains(it)).then_some(&NEVER[0]);
    let never = NEVER.iter().find(is_in).or_else(within);
    if never.is_none() && !words.first().is_some_and(|first| VERBS.contains(first)) {
        let why = format!(
            "isn't an allowed data-access action; it must begin with one of (case-sensitive): {}",
            VERBS.join(", ")
        );
        let hint = "an action that creates, changes or starts something can be passed a role, a script or a password: whoever administers \
                    the resource attaches a policy for that by hand";
        return Some((why, hint.to_owned()));
    }
    let (_, why) = never?;
    let hint = "leave it out: actions like this are for whoever administers the resource, not for task code";
    Some(((*why).to_owned(), hint.to_owned()))
}

/// The words of an action's name: `PutBucketPolicy` is `Put`, `Bucket` and `Policy`. Several capitals in a row are one word.
fn words(name: &str) -> Vec<&str> {
    let chars: Vec<char> = name.chars().collect();
    let begins = |at: usize| {
        let (here, before, after) = (chars[at], at.checked_sub(1).map(|at| chars[at]), chars.get(at + 1));
        here.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(|after| after.is_ascii_lowercase())
            })
    };
    let mut bounds: Vec<_> = (1..chars.len()).filter(|at| begins(*at)).collect();
    bounds.insert(0, 0);
    bounds.push(chars.len());
    bounds.windows(2).filter_map(|pair| name.get(pair[0]..pair[1])).collect()
}

#[cfg(test)]
mod tests {
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
        for action in
            ["sns:Publish", "kinesis", "kinesis:", ":GetRecords", "kinesis:Get Records", "Kinesis:GetRecords", ""]
        {
            assert!(refused(action, "kinesis").is_some(), "{action}");
        }
    }
}
