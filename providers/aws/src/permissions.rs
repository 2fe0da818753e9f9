//! The IAM policies that whoever runs cloudgrant needs, narrowed to the stack.
//!
//! Source: the Service Authorization Reference of IAM, STS, ECR, S3 and Secrets Manager, for which actions take which resources.
//! `sts:GetCallerIdentity` needs no permission.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Intents, Permissions, Purpose, Scope};
use serde_json::{Value, json};

use crate::Aws;
use crate::config::{AccountId, Credentials, partition_of};
use crate::locator::{Locator, Repository};
use crate::secrets::FEW;

/// Reading what is there. These two take no narrower resource.
const READ_ACCOUNT: [&str; 2] = ["iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary"];

/// On the stack's own policies.
const POLICIES: [&str; 8] = [
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListPolicyVersions",
    "iam:TagPolicy",
];

/// On the stack's own roles.
const ROLES: [&str; 6] =
    ["iam:CreateRole", "iam:DeleteRole", "iam:GetRole", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy"];

/// Which policies a role has.
const ATTACHMENTS: [&str; 2] = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"];

/// Finding the stack's statements in repository policies.
const READ_REPOSITORIES: [&str; 2] = ["ecr:DescribeRepositories", "ecr:GetRepositoryPolicy"];

/// Writing them.
const WRITE_REPOSITORIES: [&str; 2] = ["ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy"];

/// See [`cloudgrant_core::Provider::permissions`].
pub(crate) fn permissions(aws: &Aws, intents: &Intents, purpose: Purpose) -> Vec<Permissions> {
    let foreign = repositories_elsewhere(aws, intents);
    let mut all = vec![home(aws, intents, purpose)];
    for (account, credentials) in &aws.config.accounts {
        let holder = match credentials {
            Credentials::AssumeRole(assume) => format!("the role {}", assume.role),
            Credentials::Profile(profile) => format!("the profile `{profile}` in account {account}"),
        };
        let repositories = foreign.get(account).cloned().unwrap_or_default();
        all.push(elsewhere(aws, account, holder, &repositories, purpose));
    }
    all
}

/// In the data plane's account.
fn home(aws: &Aws, intents: &Intents, purpose: Purpose) -> Permissions {
    let names = &aws.names;
    let (config, platform) = (&aws.config, &aws.context.platform);
    let any = || vec!["*".to_owned()];
    let mut statements = vec![statement("ReadAccount", &READ_ACCOUNT, any(), None)];
    let narrow = intents.bindings.iter().any(|binding| binding.scope != Scope::Global);
    if let (true, Some(cluster)) = (narrow, &config.cluster) {
        let provider = cluster.oidc_provider.iter().map(|issuer| names.oidc_provider_arn(issuer)).collect();
        statements.push(statement("ReadIssuer", &["iam:GetOpenIDConnectProvider"], provider, None));
    }
    let secrets = secrets(intents);
    if !secrets.is_empty() {
        statements.push(statement("ReadSecrets", &["secretsmanager:DescribeSecret"], secrets.clone(), None));
        if secrets.len() > FEW {
            statements.push(statement("ListSecrets", &["secretsmanager:ListSecrets"], any(), None));
        }
        if config.inspect_secrets {
            statements.push(statement("InspectSecrets", &["secretsmanager:GetSecretValue"], secrets, None));
        }
    }
    let buckets = buckets(intents, config.partition());
    if !buckets.is_empty() {
        statements.push(statement("ListBuckets", &["s3:ListAllMyBuckets"], any(), None));
        statements.push(statement("ReadEncryption", &["s3:GetEncryptionConfiguration"], buckets, None));
    }
    if purpose == Purpose::Apply {
        let (policies, roles) = (names.policy_arn("*"), names.role_arn("*"));
        statements.push(statement("WritePolicies", &POLICIES, vec![policies.clone()], None));
        statements.push(statement("WriteRoles", &ROLES, vec![roles.clone()], None));
        let anywhere = |kind: &str, name: &str| match name.starts_with("arn:") {
            true => name.to_owned(),
            false => format!("arn:{}:iam::{}:{kind}/{name}", config.partition(), config.account),
        };
        let mut attached = vec![policies];
        attached.extend(config.task_policy(platform).map(|policy| anywhere("policy", &policy)));
        let mut holders = vec![roles];
        holders.extend(config.task_role(platform).map(|role| anywhere("role", &role)));
        // Without the condition, whoever holds this could give these roles any policy of the account or of AWS.
        let only = json!({ "ArnLike": { "iam:PolicyARN": attached } });
        statements.push(statement("AttachPolicies", &ATTACHMENTS, holders, Some(only)));
    }
    let assumed: Vec<_> = config
        .accounts
        .values()
        .filter_map(|credentials| match credentials {
            Credentials::AssumeRole(assume) => Some(assume.role.clone()),
            Credentials::Profile(_) => None,
        })
        .collect();
    if !assumed.is_empty() {
        statements.push(statement("WorkElsewhere", &["sts:AssumeRole"], assumed, None));
    }
    Permissions {
        name: config.account.to_string(),
        kind: "IAM policy".to_owned(),
        holder: format!("whoever runs cloudgrant in account {}", config.account),
        document: document(statements),
        notes: Vec::new(),
    }
}

/// In another account, as far as there are credentials for it.
fn elsewhere(
    aws: &Aws,
    account: &AccountId,
    holder: String,
    repositories: &BTreeSet<Repository>,
    purpose: Purpose,
) -> Permissions {
    let mut regions: BTreeSet<_> = repositories.iter().map(|repository| repository.region.as_str()).collect();
    regions.insert(&aws.config.region);
    let every = |region: &&str| format!("arn:{}:ecr:{region}:{account}:repository/*", partition_of(region));
    let every = regions.iter().map(every).collect();
    let mut statements = vec![statement("ReadRepositoryPolicies", &READ_REPOSITORIES, every, None)];
    let mut notes = Vec::new();
    if purpose == Purpose::Apply && !repositories.is_empty() {
        let named = repositories.iter().map(Repository::arn).collect();
        statements.push(statement("WriteRepositoryPolicies", &WRITE_REPOSITORIES, named, None));
        notes.push(
            "a repository that the manifest no longer names stays writable until the stack's statement is taken out of it: \
             change this document after the run that does so"
                .to_owned(),
        );
    }
    let name = account.to_string();
    Permissions { name, kind: "IAM policy".to_owned(), holder, document: document(statements), notes }
}

fn repositories_elsewhere(aws: &Aws, intents: &Intents) -> BTreeMap<AccountId, BTreeSet<Repository>> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let grants = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let registries = intents.registries.iter().flat_map(|registry| &registry.reach);
    for reach in grants.chain(registries) {
        if let Ok(Locator::Repository(repository)) = Locator::parse(&reach.resource.locator)
            && repository.account != aws.config.account
        {
            found.entry(repository.account.clone()).or_default().insert(repository);
        }
    }
    found
}

fn secrets(intents: &Intents) -> Vec<String> {
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let secrets: BTreeSet<_> = reaches
        .filter_map(|reach| match Locator::parse(&reach.resource.locator) {
            Ok(Locator::Secret(secret)) => Some(secret.arns_or_patterns()),
            _ => None,
        })
        .collect();
    secrets.into_iter().flatten().collect()
}

/// The buckets that the manifest names.
fn buckets(intents: &Intents, partition: &str) -> Vec<String> {
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let buckets: BTreeSet<_> = reaches
        .filter_map(|reach| match Locator::parse(&reach.resource.locator) {
            Ok(Locator::Objects(objects)) => Some(format!("arn:{partition}:s3:::{}", objects.bucket)),
            _ => None,
        })
        .collect();
    buckets.into_iter().collect()
}

fn statement(sid: &str, actions: &[&str], resources: Vec<String>, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}
