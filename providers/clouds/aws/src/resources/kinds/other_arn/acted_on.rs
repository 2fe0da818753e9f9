//! On which ARN an action acts that is listed for a resource, where that isn't the resource's own, and which act on none.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::arn::Arn;
use crate::resources::kinds::other_arn::OtherArn;

impl OtherArn {
    /// The ARNs that the actions are on, with the actions of each.
    pub(crate) fn by_arn<'a>(&self, actions: &'a [String]) -> BTreeMap<String, BTreeSet<&'a str>> {
        let mut by_arn: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for action in actions {
            by_arn.entry(self.acted_on(action)).or_default().insert(action);
        }
        by_arn
    }

    /// The ARN that an action is on: what is in a domain, the streams of a log group, the executions of a state machine.
    ///
    /// Sources: OpenSearch Service developer guide, "Identity and Access Management" (the trailing `/*`); Service Authorization
    /// Reference, "Amazon CloudWatch Logs" and "AWS Step Functions"; CloudWatch Logs user guide, "ARNs of log groups".
    pub(crate) fn acted_on(&self, action: &str) -> String {
        let arn = &self.arn;
        let is_one = |kind: &str| {
            let name = Arn::parse(arn).and_then(|arn| arn.resource.strip_prefix(kind));
            name.filter(|name| !name.is_empty() && !name.contains([':', '/']))
        };
        match action.split_once(':').unwrap_or_default() {
            ("es", name) if name.starts_with("ESHttp") && is_one("domain/").is_some() => format!("{arn}/*"),
            // A group's name may have slashes.
            ("logs", name) if name != "ListTagsForResource" && is_log_group(arn) => format!("{arn}:*"),
            ("states", "DescribeExecution" | "GetExecutionHistory") if is_one(STATE_MACHINE).is_some() => {
                format!("{}:*", arn.replacen(&format!(":{STATE_MACHINE}"), ":execution:", 1))
            }
            _ => arn.clone(),
        }
    }

    /// The ARNs of resources that a manifest may have named where a statement has this one.
    pub(crate) fn named_for(resource: &str) -> Vec<String> {
        let mut named = vec![resource.to_owned()];
        named.extend(resource.strip_suffix("/*").map(str::to_owned));
        if let Some(before) = resource.strip_suffix(":*") {
            named.push(before.to_owned());
            named.push(before.replacen(":execution:", &format!(":{STATE_MACHINE}"), 1));
        }
        named
    }
}

const STATE_MACHINE: &str = "stateMachine:";

fn is_log_group(arn: &str) -> bool {
    let name = Arn::parse(arn).and_then(|arn| arn.resource.strip_prefix("log-group:"));
    name.is_some_and(|name| !name.is_empty() && !name.contains(':'))
}

/// Actions that IAM asks of no resource, so that they give nothing on one. Source: Service Authorization Reference; those of the
/// services that data platforms use.
pub(crate) const ON_NO_RESOURCE: [&str; 23] = [
    "athena:ListDataCatalogs",
    "athena:ListEngineVersions",
    "batch:DescribeJobs",
    "bedrock:ListFoundationModels",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutMetricData",
    "ecs:ListClusters",
    "events:ListEventBuses",
    "firehose:ListDeliveryStreams",
    "kafka:ListClusters",
    "kafka:ListClustersV2",
    "kinesis:DescribeLimits",
    "kinesis:ListStreams",
    "lambda:ListEventSourceMappings",
    "sagemaker:ListEndpoints",
    "sagemaker:ListModels",
    "sns:ListTopics",
    "timestream:DescribeEndpoints",
    "timestream:ListDatabases",
    "timestream:SelectValues",
    "xray:PutTraceSegments",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn other(service: &str, resource: &str) -> OtherArn {
        let text = format!("arn:aws:{service}:us-west-2:111122223333:{resource}");
        OtherArn::parse(&text, [service, "us-west-2", "111122223333", resource]).expect("an ARN")
    }

    #[test]
    fn an_action_is_granted_on_the_arn_that_its_service_asks_for() {
        for (service, resource, action, expected) in [
            ("es", "domain/logs", "es:ESHttpGet", "domain/logs/*"),
            ("es", "domain/logs", "es:DescribeDomain", "domain/logs"),
            ("es", "domain/logs/index", "es:ESHttpGet", "domain/logs/index"),
            ("logs", "log-group:/aws/x", "logs:PutLogEvents", "log-group:/aws/x:*"),
            ("logs", "log-group:x", "logs:DescribeLogStreams", "log-group:x:*"),
            ("logs", "log-group:x", "logs:ListTagsForResource", "log-group:x"),
            ("logs", "log-group:x:log-stream:y", "logs:PutLogEvents", "log-group:x:log-stream:y"),
            ("states", "stateMachine:train", "states:StartExecution", "stateMachine:train"),
            ("states", "stateMachine:train", "states:DescribeExecution", "execution:train:*"),
            ("states", "stateMachine:train:live", "states:DescribeExecution", "stateMachine:train:live"),
            ("states", "execution:train:1", "states:DescribeExecution", "execution:train:1"),
            ("kinesis", "stream/x", "kinesis:GetRecords", "stream/x"),
        ] {
            let other = other(service, resource);
            let on = other.acted_on(action);
            assert_eq!(on, format!("arn:aws:{service}:us-west-2:111122223333:{expected}"), "{action}");
            assert!(OtherArn::named_for(&on).contains(&other.arn), "{on}");
        }
    }
}
