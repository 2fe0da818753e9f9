//! Any other resource by its ARN, with the actions that the manifest lists for a level (`aws.actions`).
//!
//! Nobody here knows what a service's actions do: which may be listed is told by their form (`listed_actions.rs`).

pub(crate) mod acted_on;

use cloudgrant_core::{Access, Diagnostic, RegisteredKind, ResourceKind, redacted};

use crate::config::{AccountId, Config};
use crate::resources::kinds::listed_actions::refused;
use crate::resources::wrong_locator::{account_of, region_of, wrong};

pub(crate) const REGISTERED: RegisteredKind =
    RegisteredKind::new(ResourceKind::OTHER, &LEVELS).located_by(&["another ARN, with its actions in `aws.actions`"]);

pub(crate) const LEVELS: [Access; 5] = [Access::List, Access::Read, Access::Write, Access::ReadWrite, Access::Manage];

/// An ARN of a service that has no kind of its own here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherArn {
    pub(crate) service: String,
    /// `None` where the ARN names none.
    pub(crate) account: Option<AccountId>,
    pub(crate) arn: String,
}

impl OtherArn {
    /// What stands behind the partition in an ARN.
    ///
    /// # Errors
    /// It names no resource that task code could be granted.
    pub(crate) fn parse(text: &str, [service, region, account, resource]: [&str; 4]) -> Result<Self, Diagnostic> {
        let is_service = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if service.is_empty() || !service.chars().all(is_service) {
            return Err(wrong(text, "names no service", "copy the ARN as AWS shows it"));
        }
        if let Some(why) = of_access(service) {
            let what = format!("is of {service}, {why}");
            return Err(wrong(text, &what, "grant what task code works on, and no access itself"));
        }
        if resource.contains(['*', '?']) {
            return Err(wrong(text, "has a wildcard", "name each one: a wildcard would reach what nobody named"));
        }
        let fits = |c: char| c.is_ascii_graphic() && !"$\"'\\`{}<>|&;()".contains(c);
        if resource.is_empty() || !resource.chars().all(fits) {
            return Err(wrong(text, "names no resource that can stand in a policy", "copy the ARN as AWS shows it"));
        }
        if REGIONAL.contains(&service) && (region.is_empty() || account.is_empty()) {
            let what = format!("names no {}", if region.is_empty() { "region" } else { "account" });
            let hint = "copy the ARN as AWS shows it: each of this service's names its region and its account";
            return Err(wrong(text, &what, hint));
        }
        if !region.is_empty() {
            region_of(text, region)?;
        }
        let account = if account.is_empty() { None } else { Some(account_of(text, account)?) };
        Ok(Self { service: service.to_owned(), account, arn: text.to_owned() })
    }

    /// That it is of another account than the data plane's.
    pub(crate) fn elsewhere(&self, config: &Config, name: &str) -> Option<Diagnostic> {
        let account = self.account.as_ref().filter(|account| **account != config.account)?;
        let message = format!(
            "`{}` is in account {account}, the data plane in {}: that account would have to agree, and how it does is \
             known here for buckets, repositories, keys, queues and tables alone",
            redacted(&self.arn),
            config.account
        );
        let hint = "grant one of the data plane's account";
        Some(Diagnostic::new(format!("resources.{name}.aws"), message).hint(hint))
    }

    /// What is wrong with the actions that the manifest lists for it at a level, at a key path each.
    pub(crate) fn refusals(
        &self,
        config: &Config,
        name: &str,
        access: Access,
        listed: Option<&[String]>,
    ) -> Vec<Diagnostic> {
        let path = format!("aws.actions.{name}.{access}");
        if self.elsewhere(config, name).is_some() {
            return Vec::new();
        }
        let Some(actions) = listed.filter(|actions| !actions.is_empty()) else {
            let message = format!("`{access}` on `{name}` has no meaning for a resource of this kind");
            let hint = format!(
                "list its actions: `aws: {{ actions: {{ {name}: {{ {access}: [{}:ACTION] }} }} }}`; or name an existing policy that \
                 allows them, in `aws.policies`",
                self.service
            );
            return vec![Diagnostic::new(path, message).hint(hint)];
        };
        let refused = actions.iter().filter_map(|action| {
            let (why, hint) = refused(action, &self.service)?;
            Some(Diagnostic::new(path.clone(), format!("`{}` {why}", redacted(action))).hint(hint))
        });
        refused.collect()
    }
}

/// Services of which each ARN has a region and an account. Source: Service Authorization Reference, "Resource types".
const REGIONAL: [&str; 15] = [
    "aoss",
    "athena",
    "cassandra",
    "elasticfilesystem",
    "es",
    "firehose",
    "glue",
    "kafka",
    "kinesis",
    "lambda",
    "logs",
    "rds-db",
    "sns",
    "states",
    "timestream",
];

/// Services of which every action is about who has access, about credentials, or about what administrators watch and decide. Why, as the
/// end of a sentence.
fn of_access(service: &str) -> Option<&'static str> {
    const WHO: &str = "which decides who may do what";
    const CREDENTIALS: &str = "which hands out credentials";
    const WATCHES: &str = "which watches over accounts, protects or governs them";
    const MONEY: &str = "which is about contracts and money";
    const OTHERS: &str = "which gives people sessions, or machines what they run";
    match service {
        "iam"
        | "organizations"
        | "account"
        | "ram"
        | "access-analyzer"
        | "verifiedpermissions"
        | "lakeformation"
        | "controltower"
        | "identitystore"
        | "identity-sync"
        | "sso-directory"
        | "user-subscriptions" => Some(WHO),
        "sts"
        | "sso"
        | "sso-oauth"
        | "rolesanywhere"
        | "signin"
        | "cognito-identity"
        | "cognito-idp"
        | "acm-pca"
        | "ssm-guiconnect"
        | "ec2-instance-connect"
        | "ssmmessages"
        | "ec2messages" => Some(CREDENTIALS),
        "artifact"
        | "auditmanager"
        | "backup"
        | "backup-gateway"
        | "backup-search"
        | "backup-storage"
        | "cloudtrail"
        | "cloudtrail-data"
        | "config"
        | "detective"
        | "fms"
        | "guardduty"
        | "inspector"
        | "inspector2"
        | "inspector2-telemetry"
        | "macie2"
        | "network-firewall"
        | "security-ir"
        | "securityagent"
        | "securityhub"
        | "securitylake"
        | "servicequotas"
        | "shield"
        | "trustedadvisor"
        | "waf"
        | "waf-regional"
        | "wafv2" => Some(WATCHES),
        "aws-marketplace"
        | "aws-marketplace-management"
        | "aws-portal"
        | "billing"
        | "billingconductor"
        | "budgets"
        | "consolidatedbilling"
        | "cur"
        | "freetier"
        | "invoicing"
        | "partnercentral"
        | "payments"
        | "purchase-orders"
        | "tax" => Some(MONEY),
        "cloudshell" | "codecatalyst" | "drs" | "mgn" => Some(OTHERS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_about_access_is_no_resource_of_task_code() {
        for service in ["iam", "sts", "organizations", "lakeformation", "ram", "sso", "cognito-identity"] {
            let text = format!("arn:aws:{service}:us-west-2:111122223333:thing/x");
            assert!(OtherArn::parse(&text, [service, "us-west-2", "111122223333", "thing/x"]).is_err(), "{service}");
        }
        for service in ["cloudtrail", "config", "guardduty", "securityhub", "backup", "mgn", "cloudshell", "billing"] {
            let text = format!("arn:aws:{service}:us-west-2:111122223333:thing/x");
            let refusal = OtherArn::parse(&text, [service, "us-west-2", "111122223333", "thing/x"]).expect_err(service);
            assert!(refusal.message.contains(&format!("is of {service}, which ")), "{}", refusal.message);
        }
        for parts in [["sns", "us-west-2", "", "topic"], ["sns", "", "111122223333", "topic"]] {
            let text = format!("arn:aws:{}", parts.join(":"));
            assert!(OtherArn::parse(&text, parts).is_err_and(|it| it.message.contains("names no ")), "{text}");
        }
        assert!(
            OtherArn::parse("arn:aws:ec2:us-west-2::snapshot/snap-1", ["ec2", "us-west-2", "", "snapshot/snap-1"])
                .is_ok()
        );
        for resource in ["", "stream/*", "stream/a?b", "stream/${aws:username}", "stream/a b", "stream/\"a"] {
            let text = format!("arn:aws:kinesis:us-west-2:111122223333:{resource}");
            assert!(OtherArn::parse(&text, ["kinesis", "us-west-2", "111122223333", resource]).is_err(), "{resource}");
        }
    }
}
