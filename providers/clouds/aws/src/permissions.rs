//! The IAM policies that whoever runs cloudgrant needs, narrowed to the stack.
//!
//! Source: the Service Authorization Reference of IAM, STS, ECR, S3, KMS and Secrets Manager, for which actions take which resources.
//! `sts:GetCallerIdentity` needs no permission.

mod associations;
pub(crate) mod handles;
mod own;
mod statement;

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Intents, PermissionDocument, Purpose};
use serde_json::{Value, json};

use crate::config::arn::Arn;
use crate::config::partition::partition_of;
use crate::config::{AccountId, Credentials};
use crate::inventory::lookups::secrets::FEW;
use crate::permissions::handles::Handles;
use crate::permissions::own::Makes;
use crate::permissions::statement::statement;
use crate::policy::document::POLICY_SIZE;
use crate::resources::by_arn;
use crate::resources::kinds::object_store;
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;

/// Reading what is there. These two take no narrower resource.
const READ_ACCOUNT: [&str; 2] = ["iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary"];

/// Reading AWS's own policies that grants come to. Those of the account are in its list.
const READ_POLICIES: [&str; 2] = ["iam:GetPolicy", "iam:GetPolicyVersion"];

/// Finding the stack's statements in repository policies.
const READ_REPOSITORIES: [&str; 2] = ["ecr:DescribeRepositories", "ecr:GetRepositoryPolicy"];

/// Seeing what fills them. It takes no narrower resource.
const READ_CACHES: [&str; 1] = ["ecr:DescribePullThroughCacheRules"];

/// Writing them.
const WRITE_REPOSITORIES: [&str; 2] = ["ecr:DeleteRepositoryPolicy", "ecr:SetRepositoryPolicy"];

/// What may come between a bucket of another account and those who are granted it.
const READ_ACCESS: [&str; 3] =
    ["s3:GetBucketOwnershipControls", "s3:GetBucketPolicyStatus", "s3:GetBucketPublicAccessBlock"];

/// The same for buckets.
const WRITE_BUCKETS: [&str; 2] = ["s3:DeleteBucketPolicy", "s3:PutBucketPolicy"];

/// Whether a key that encrypts something can be used.
const DESCRIBE_KEY: &str = "kms:DescribeKey";

/// What the manifest names.
struct Named {
    /// Of other accounts.
    repositories: BTreeMap<AccountId, BTreeSet<Repository>>,
    /// ARNs of those of the data plane's own account, for nodes or for task code.
    own_repositories: Vec<String>,
    /// ARNs. Whose buckets they are, nobody has asked.
    buckets: Vec<String>,
    /// Whether keys may encrypt what is granted: to list a bucket takes none.
    any_key: bool,
    /// ARNs of keys of other accounts that the manifest itself names.
    keys_elsewhere: Vec<String>,
    /// ARNs, and patterns of ARNs.
    secrets: Vec<String>,
}

/// See [`cloudgrant_core::Provider::permissions`].
pub(crate) fn permissions(handles: Handles<'_>, intents: &Intents, purpose: Purpose) -> Vec<PermissionDocument> {
    let own = &handles.config.account;
    let named = Named {
        own_repositories: repositories(intents)
            .filter(|it| it.account == *own)
            .map(|it| it.arn())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        repositories: repositories_elsewhere(handles, intents),
        buckets: buckets(intents, handles.config.partition()),
        any_key: any_key(intents),
        keys_elsewhere: keys_elsewhere(handles, intents),
        secrets: secrets(intents),
    };
    let mut all = vec![home(handles, intents, &named, purpose)];
    for (account, credentials) in &handles.config.accounts {
        let holder = match credentials {
            Credentials::AssumeRole(assume) => format!("the role {}", assume.role),
            Credentials::Profile(profile) => format!("the profile `{profile}` in account {account}"),
        };
        all.push(elsewhere(handles, account, holder, &named, purpose));
    }
    all
}

/// In the data plane's account.
fn home(handles: Handles<'_>, intents: &Intents, named: &Named, purpose: Purpose) -> PermissionDocument {
    let names = handles.names;
    let config = handles.config;
    let any = || vec!["*".to_owned()];
    let mut statements = vec![statement("ReadAccount", &READ_ACCOUNT, any(), None)];
    statements.push(statement("ReadTags", &["iam:ListPolicyTags"], vec![names.policy_arn("*")], None));
    if !named.own_repositories.is_empty() {
        statements.push(statement("ReadPullThrough", &READ_CACHES, any(), None));
        let action = "ecr:DescribeRepositories";
        statements.push(statement("FindRepositories", &[action], named.own_repositories.clone(), None));
    }
    let makes = Makes::of(intents, !named.repositories.is_empty());
    let providers: Vec<_> = config.issuers().map(|issuer| names.oidc_provider_arn(issuer)).collect();
    if makes.roles && !config.is_pod_identity() && !providers.is_empty() {
        statements.push(statement("ReadIssuer", &["iam:GetOpenIDConnectProvider"], providers, None));
    }
    statements.extend(associations::reading(handles));
    let of_aws = config.policies.values().flat_map(|levels| levels.values());
    let of_aws: BTreeSet<_> = of_aws.filter(|arn| arn.contains(":iam::aws:policy/")).cloned().collect();
    if !of_aws.is_empty() {
        statements.push(statement("ReadPolicies", &READ_POLICIES, of_aws.into_iter().collect(), None));
    }
    let Named { secrets, buckets, .. } = named;
    if !secrets.is_empty() {
        statements.push(statement("ReadSecrets", &["secretsmanager:DescribeSecret"], secrets.clone(), None));
        if secrets.len() > FEW {
            statements.push(statement("ListSecrets", &["secretsmanager:ListSecrets"], any(), None));
        }
        if config.inspect_secrets {
            statements.push(statement("InspectSecrets", &["secretsmanager:GetSecretValue"], secrets.clone(), None));
        }
    }
    statements.extend(looking_at(buckets));
    if named.any_key {
        let keys = vec![format!("arn:{}:kms:*:{}:key/*", config.partition(), config.account)];
        statements.push(statement("ReadKeys", &[DESCRIBE_KEY], keys, None));
    }
    let mut notes = Vec::new();
    if purpose == Purpose::Apply {
        statements.extend(own::writing(handles, &makes));
        statements.extend(associations::writing(handles, makes.roles));
        notes.extend(makes.note());
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
    let document = document(statements);
    notes.extend(too_large(&document));
    PermissionDocument {
        name: config.account.to_string(),
        kind: "IAM policy".to_owned(),
        holder: format!("whoever runs cloudgrant in account {}", config.account),
        document,
        notes,
    }
}

/// Said of a document that IAM takes in no managed policy. It doesn't count white space. Source: IAM user guide, "IAM and AWS
/// STS quotas".
fn too_large(document: &Value) -> Option<String> {
    let size = document.to_string().len();
    let inline = if size <= INLINE_SIZE { "take an inline policy of a role, or " } else { "" };
    (size > POLICY_SIZE).then(|| {
        format!(
            "IAM takes {POLICY_SIZE} characters in a managed policy, and this is {size}: {inline}make several policies of it, each with \
             some of the statements, which stand for themselves"
        )
    })
}

/// In another account, as far as there are credentials for it.
fn elsewhere(
    handles: Handles<'_>,
    account: &AccountId,
    holder: String,
    named: &Named,
    purpose: Purpose,
) -> PermissionDocument {
    let repositories = named.repositories.get(account).cloned().unwrap_or_default();
    let mut regions: BTreeSet<_> = repositories.iter().map(|repository| repository.region.as_str()).collect();
    regions.insert(&handles.config.region);
    let every = |region: &&str| format!("arn:{}:ecr:{region}:{account}:repository/*", partition_of(region));
    let every = regions.iter().map(every).collect();
    let mut statements = vec![statement("ReadRepositoryPolicies", &READ_REPOSITORIES, every, None)];
    if !repositories.is_empty() {
        statements.push(statement("ReadPullThrough", &READ_CACHES, vec!["*".to_owned()], None));
    }
    if !named.buckets.is_empty() {
        statements.extend(looking_at(&named.buckets));
        statements.push(statement("ReadBucketPolicies", &["s3:GetBucketPolicy"], named.buckets.clone(), None));
        statements.push(statement("ReadBucketAccess", &READ_ACCESS, named.buckets.clone(), None));
    }
    // Buckets are where they are; the keys of secrets are in the region of the data plane.
    let region = if named.buckets.is_empty() { handles.config.region.as_str() } else { "*" };
    let keys = vec![format!("arn:{}:kms:{region}:{account}:key/*", handles.config.partition())];
    let mut notes = Vec::new();
    let mut on_keys = vec!["ReadKeyPolicies"];
    if named.any_key {
        statements.push(statement("ListKeys", &["kms:ListKeys"], vec!["*".to_owned()], None));
        statements.push(statement("ReadKeyPolicies", &[DESCRIBE_KEY, "kms:GetKeyPolicy"], keys.clone(), None));
    }
    let is_here = |arn: &&String| Arn::parse(arn).is_some_and(|arn| arn.account == account.as_str());
    let named_keys: Vec<_> = named.keys_elsewhere.iter().filter(is_here).cloned().collect();
    if !named_keys.is_empty() {
        statements.push(statement(
            "ReadNamedKeyPolicies",
            &[DESCRIBE_KEY, "kms:GetKeyPolicy"],
            named_keys.clone(),
            None,
        ));
    }
    if purpose == Purpose::Apply {
        if !repositories.is_empty() {
            let named = repositories.iter().map(Repository::arn).collect();
            statements.push(statement("WriteRepositoryPolicies", &WRITE_REPOSITORIES, named, None));
        }
        if !named.buckets.is_empty() {
            statements.push(statement("WriteBucketPolicies", &WRITE_BUCKETS, named.buckets.clone(), None));
        }
        // Nobody may lock the key's administrators out with it. Source: AWS KMS developer guide, "AWS KMS condition
        // keys"; requests of cloudgrant don't have the parameter.
        let only = || Some(json!({ "BoolIfExists": { "kms:BypassPolicyLockoutSafetyCheck": "false" } }));
        if named.any_key {
            statements.push(statement("WriteKeyPolicies", &["kms:PutKeyPolicy"], keys, only()));
            on_keys.push("WriteKeyPolicies");
        }
        if !named_keys.is_empty() {
            statements.push(statement("WriteNamedKeyPolicies", &["kms:PutKeyPolicy"], named_keys.clone(), only()));
        }
    }
    if named.any_key {
        let (sids, are, them) = match on_keys.as_slice() {
            [one] => ((*one).to_owned(), "is", "the statement"),
            several => (several.join(" and "), "are", "the statements"),
        };
        notes.push(format!(
            "a manifest names no keys, so that {sids} {are} for every key of account {account}: put the ARNs of the keys \
             there that encrypt buckets and secrets of the manifest in place of `key/*`, or leave {them} out where there are \
             none"
        ));
    }
    let any_key = named.any_key || !named_keys.is_empty();
    if purpose == Purpose::Apply && (any_key || !named.buckets.is_empty() || !repositories.is_empty()) {
        notes.push(
            "a repository, bucket or key that the manifest no longer names stays writable until the stack's statement \
             is taken out of it: change this document after the run that does so"
                .to_owned(),
        );
    }
    let name = account.to_string();
    let document = document(statements);
    notes.extend(too_large(&document));
    PermissionDocument { name, kind: "IAM policy".to_owned(), holder, document, notes }
}

/// Whose the buckets are, and how they are encrypted.
fn looking_at(buckets: &[String]) -> Vec<Value> {
    if buckets.is_empty() {
        return Vec::new();
    }
    vec![
        statement("ListBuckets", &["s3:ListAllMyBuckets"], vec!["*".to_owned()], None),
        statement("ReadEncryption", &["s3:GetEncryptionConfiguration"], buckets.to_vec(), None),
    ]
}

fn repositories_elsewhere(handles: Handles<'_>, intents: &Intents) -> BTreeMap<AccountId, BTreeSet<Repository>> {
    let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for repository in repositories(intents).filter(|repository| repository.account != handles.config.account) {
        found.entry(repository.account.clone()).or_default().insert(repository);
    }
    found
}

/// The repositories that the manifest names.
fn repositories(intents: &Intents) -> impl Iterator<Item = Repository> {
    let grants = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let registries = intents.registries.iter().flat_map(|registry| &registry.reach);
    grants.chain(registries).filter_map(|reach| match reach.resource.locator.parsed() {
        Locator::Repository(repository) => Some(repository.clone()),
        Locator::Objects(_) | Locator::Secret(_) | Locator::Item(_) | Locator::Other(_) => None,
    })
}

fn secrets(intents: &Intents) -> Vec<String> {
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let secrets: BTreeSet<_> = reaches
        .filter_map(|reach| match reach.resource.locator.parsed() {
            Locator::Secret(secret) => Some(secret.arns_or_patterns()),
            Locator::Objects(_) | Locator::Repository(_) | Locator::Item(_) | Locator::Other(_) => None,
        })
        .collect();
    secrets.into_iter().flatten().collect()
}

/// Whether a key may stand before anything that the manifest names.
fn any_key(intents: &Intents) -> bool {
    let mut reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    reaches.any(|reach| match reach.resource.locator.parsed() {
        Locator::Objects(_) => !object_store::on_key(reach.access).is_empty(),
        Locator::Secret(_) => true,
        Locator::Repository(_) | Locator::Item(_) | Locator::Other(_) => false,
    })
}

/// The keys of other accounts that the manifest names: as resources, or as what encrypts one.
fn keys_elsewhere(handles: Handles<'_>, intents: &Intents) -> Vec<String> {
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let keys: BTreeSet<_> = reaches
        .filter_map(|reach| match reach.resource.locator.parsed() {
            Locator::Item(item) => by_arn::key_elsewhere(handles.config, &reach.resource.name, item),
            Locator::Objects(_) | Locator::Secret(_) | Locator::Repository(_) | Locator::Other(_) => None,
        })
        .map(|key| key.arn)
        .collect();
    keys.into_iter().collect()
}

/// The buckets that the manifest names.
fn buckets(intents: &Intents, partition: &str) -> Vec<String> {
    let reaches = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let buckets: BTreeSet<_> = reaches
        .filter_map(|reach| match reach.resource.locator.parsed() {
            Locator::Objects(objects) => Some(format!("arn:{partition}:s3:::{}", objects.bucket)),
            Locator::Secret(_) | Locator::Repository(_) | Locator::Item(_) | Locator::Other(_) => None,
        })
        .collect();
    buckets.into_iter().collect()
}

/// The most characters of all of a role's inline policies.
const INLINE_SIZE: usize = 10_240;

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IAM counts characters without white space: 6,144 in a managed policy, 10,240 in those of a role.
    #[test]
    fn a_document_that_no_managed_policy_takes_is_told() {
        let of = |size: usize| {
            let empty = document(vec![statement("A", &[], vec![String::new()], None)]).to_string().len();
            document(vec![statement("A", &[], vec!["x".repeat(size - empty)], None)])
        };
        assert_eq!(too_large(&of(POLICY_SIZE)), None);
        let told = too_large(&of(POLICY_SIZE + 1)).expect("a note");
        assert!(told.contains("6144 characters") && told.contains("this is 6145: take an inline policy"), "{told}");
        assert!(too_large(&of(INLINE_SIZE)).expect("a note").contains("inline"));
        let told = too_large(&of(INLINE_SIZE + 1)).expect("a note");
        assert!(!told.contains("inline") && told.contains("make several policies of it"), "{told}");
    }
}
