//! What the manifest takes for granted, made once: a platform's roles, other people's secrets and repositories.
//!
//! What was made is remembered by name, so that what somebody deletes stays deleted. Fields that are missing or odd are
//! skipped: judging the manifest is somebody else's business.

mod assumed;

use serde_json::{Value, json};

use self::assumed::Assumed;
use crate::errors::ApiError;
use crate::model::{Document, OidcProvider, Policy, Role, SecretVersion, Tags, Version};
use crate::partition::Partition;
use crate::state::State;
use crate::{DEFAULT_ACCOUNT, DEFAULT_REGION, auth, ecr, s3, secretsmanager, time};
use cloudgrant_sandbox_kit::{Result, SandboxError};

const ECR_READ_ONLY: &str = "AmazonEC2ContainerRegistryReadOnly";

/// The start of 2024: what is seeded was there long before, so it is known everywhere.
const LONG_AGO: time::Millis = 1_704_067_200_000;

/// What is read from the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// The data plane's account.
    pub(crate) account: String,
    /// The data plane's region.
    pub(crate) region: String,
    organization: Option<String>,
    pub(crate) issuers: Vec<String>,
    audience: String,
    task_role: Option<String>,
    /// Of Union, or named by the manifest: whether or not anything says how the role is called.
    task_policy: Option<String>,
    node_role: Option<String>,
    /// The path and name of the policy that bounds roles, where it is the data plane's own.
    boundary: Option<(String, String)>,
    admin_role: Option<String>,
    /// Roles of other accounts that the data plane's account may become.
    assumed: Vec<Assumed>,
    /// Account, region, name.
    repositories: Vec<(String, String, String)>,
    /// Names: they are in the data plane's account.
    buckets: Vec<String>,
    /// Account, region, name, suffix.
    secrets: Vec<(String, String, String, String)>,
}

impl Wishes {
    /// Reads them.
    pub(crate) fn read(config: &Value) -> Self {
        let text = |pointer: &str| {
            config.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let organization = text("/platform/organization");
        let named = |pointer: &str, before: &str, after: &str| {
            text(pointer).or_else(|| organization.as_ref().map(|organization| format!("{before}{organization}{after}")))
        };
        let objects = |pointer: &str| config.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        let registries = config.pointer("/registries").and_then(Value::as_array).into_iter().flatten();
        let locators: Vec<&str> = objects("/resources")
            .map(|(_, resource)| resource)
            .chain(registries)
            .filter_map(|one| one.get("aws")?.as_str())
            .collect();
        let account = text("/aws/account")
            .filter(|account| auth::is_account(account))
            .unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
        let region = text("/aws/region").unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let partition = Partition::of_region(&region);
        Self {
            boundary: text("/aws/permissions_boundary").and_then(|arn| own_policy(partition, &account, &arn)),
            account,
            region,
            issuers: issuers(config.pointer("/aws/cluster/oidc_provider")),
            audience: text("/aws/cluster/audience").unwrap_or_else(|| "sts.amazonaws.com".to_owned()),
            task_role: named("/aws/task_role", "", "-userflyterole"),
            task_policy: text("/aws/task_policy").or_else(|| {
                let is_union = text("/platform/kind").is_some_and(|kind| kind == "union");
                (is_union || organization.is_some()).then(|| "userflyterole".to_owned())
            }),
            node_role: named("/aws/node_role", "unionai-", "-flyteworker-node-group"),
            admin_role: organization.as_ref().map(|organization| format!("{organization}-adminflyterole")),
            assumed: objects("/aws/accounts")
                .filter_map(|(_, account)| Assumed::read(account.get("assume_role")?))
                .collect(),
            repositories: locators.iter().filter_map(|locator| repository(locator)).collect(),
            buckets: locators.iter().filter_map(|locator| bucket(locator)).collect(),
            secrets: locators.iter().filter_map(|locator| secret(locator)).collect(),
            organization,
        }
    }
}

/// One issuer, or a list of them, each without its scheme.
fn issuers(written: Option<&Value>) -> Vec<String> {
    let list = written.map(|written| written.as_array().map_or(std::slice::from_ref(written), Vec::as_slice));
    let texts = list.unwrap_or_default().iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
    let bare = |issuer: &str| {
        let issuer = issuer.split_once(":oidc-provider/").map_or(issuer, |(_, issuer)| issuer);
        issuer.trim_start_matches("https://").to_owned()
    };
    texts.map(bare).collect()
}

/// Path and name of a policy, if its ARN is one of this account. Those of AWS's own are there without any seed.
fn own_policy(partition: Partition, account: &str, arn: &str) -> Option<(String, String)> {
    let (owner, resource) = crate::state::iam_arn(partition, arn)?;
    let (path, name) = resource.strip_prefix("policy")?.rsplit_once('/')?;
    (owner == account && !name.is_empty()).then(|| (format!("{path}/"), name.to_owned()))
}

/// The six parts of an ARN.
fn parts(arn: &str) -> Option<Box<[&str; 6]>> {
    let parts: Box<[&str]> = arn.splitn(6, ':').collect();
    parts.try_into().ok()
}

/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`, the same of a dual-stack host, or an ARN.
fn repository(locator: &str) -> Option<(String, String, String)> {
    let (account, region, name) = if locator.starts_with("arn:") {
        let [_, _, "ecr", region, account, resource] = *parts(locator)? else { return None };
        (account, region, resource.strip_prefix("repository/")?)
    } else {
        let (host, name) = locator.trim_start_matches("https://").split_once('/')?;
        let behind = |middles: [&str; 2]| middles.into_iter().find_map(|middle| host.split_once(middle));
        let one_stack = behind([".dkr.ecr.", ".dkr.ecr-fips."]);
        let (account, rest) = one_stack.or_else(|| behind([".dkr-ecr.", ".dkr-ecr-fips."]))?;
        let (region, suffix) = rest.split_once('.')?;
        let partition = Partition::of_region(region);
        let of_region =
            if one_stack.is_some() { Some(partition.dns_suffix()) } else { partition.dual_stack_registries() };
        if of_region != Some(suffix) {
            return None;
        }
        (account, region, name)
    };
    // A tag or digest is not a part of the name.
    let name = name.split(['@', ':']).next().filter(|name| !name.is_empty() && !name.contains('*'))?;
    auth::is_account(account).then(|| (account.to_owned(), region.to_owned(), name.to_owned()))
}

/// `s3://NAME/PREFIX`, or an ARN.
fn bucket(locator: &str) -> Option<String> {
    let path = locator.strip_prefix("s3://").or_else(|| Some(locator.strip_prefix("arn:")?.split_once(":s3:::")?.1))?;
    let name = path.split('/').next().filter(|name| s3::is_name(name))?;
    Some(name.to_owned())
}

/// The ARN of a secret with its six characters; without them, some are made up.
fn secret(locator: &str) -> Option<(String, String, String, String)> {
    let [_, _, "secretsmanager", region, account, resource] = *parts(locator)? else { return None };
    let full = resource.strip_prefix("secret:")?;
    if !auth::is_account(account) || full.contains('*') {
        return None;
    }
    let is_suffix = |text: &&str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let (name, suffix) = match full.rsplit_once('-').filter(|(name, suffix)| !name.is_empty() && is_suffix(suffix)) {
        Some((name, suffix)) => (name, suffix),
        None => (full, "SeedEd"),
    };
    (!name.is_empty()).then(|| (account.to_owned(), region.to_owned(), name.to_owned(), suffix.to_owned()))
}

/// Makes what is not there and was not made before.
pub(crate) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    let account = wishes.account.as_str();
    for issuer in &wishes.issuers {
        let make = |state: &mut State| oidc(state, account, issuer, &wishes.audience);
        once(state, format!("oidc-provider {account} {issuer}"), make)?;
    }
    let organization = wishes.organization.as_deref().unwrap_or("sandbox");
    let own = wishes.task_policy.as_deref().or(wishes.task_role.as_ref().map(|_| "userflyterole")).map(|policy| {
        // It may be named by its ARN.
        let policy = policy.split_once(":policy/").map_or(policy, |(_, name)| name);
        let (path, policy) = policy.rsplit_once('/').unwrap_or(("", policy));
        let document = metadata_document(state.partition, organization);
        let mut own = managed(state.partition, account, policy, &document, "What every task may do.");
        if !path.is_empty() {
            own.path = format!("/{path}/");
        }
        own
    });
    if let Some(policy) = own.clone() {
        once(state, format!("policy {account} {}", policy.name), |state| save_policy(state, policy))?;
    }
    if let (Some(name), Some(own)) = (&wishes.task_role, own) {
        let name_of_foreign = format!("{organization}-observability");
        let by_hand = "Made by hand, by another team.";
        let foreign = managed(state.partition, account, &name_of_foreign, BYSTANDER, by_hand);
        let policy = foreign.clone();
        once(state, format!("policy {account} {}", policy.name), |state| save_policy(state, policy))?;
        let role = role(state.partition, account, name, &task_trust(state.partition, wishes), &[own, foreign]);
        once(state, format!("role {account} {name}"), |state| save_role(state, role))?;
    }
    if let Some((path, name)) = &wishes.boundary {
        let mut boundary = managed(state.partition, account, name, BOUNDARY, "What no role may go beyond.");
        boundary.path.clone_from(path);
        once(state, format!("policy {account} {name}"), |state| save_policy(state, boundary))?;
    }
    if let Some(name) = &wishes.node_role {
        let mut role = role(state.partition, account, name, &service_trust(&ec2(state.partition)), &[]);
        role.attached.insert(read_only(state.partition), ECR_READ_ONLY.to_owned());
        once(state, format!("role {account} {name}"), |state| save_role(state, role))?;
    }
    if let Some(name) = &wishes.admin_role {
        let mut role = role(state.partition, account, name, &task_trust(state.partition, wishes), &[]);
        role.inline.insert("control-plane".to_owned(), BYSTANDER.to_owned());
        once(state, format!("role {account} {name}"), |state| save_role(state, role))?;
    }
    let mut linked =
        role(state.partition, account, "AWSServiceRoleForSupport", &service_trust("support.amazonaws.com"), &[]);
    linked.path = "/aws-service-role/support.amazonaws.com/".to_owned();
    once(state, format!("role {account} {}", linked.name), |state| save_role(state, linked))?;
    for one in &wishes.assumed {
        assumed::seed(state, account, one)?;
    }
    for (owner, region, name) in &wishes.repositories {
        once(state, format!("repository {owner} {region} {name}"), |state| {
            save_repository(state, owner, region, name)
        })?;
    }
    for name in &wishes.buckets {
        once(state, format!("bucket {name}"), |state| save_bucket(state, account, &wishes.region, name))?;
    }
    for (owner, region, name, suffix) in &wishes.secrets {
        once(state, format!("secret {owner} {region} {name}"), |state| {
            save_secret(state, owner, region, name, suffix)
        })?;
    }
    Ok(())
}

fn once(
    state: &mut State,
    what: String,
    make: impl FnOnce(&mut State) -> std::result::Result<(), ApiError>,
) -> Result<()> {
    if state.history.is_seeded(&what) {
        return Ok(());
    }
    make(state).map_err(|error| SandboxError::new(format!("make the {what}")).because(error.message))?;
    state.mark_seeded(what)
}

/// As an organization has it: its own administration is out of reach.
const BOUNDARY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Most","Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"}]}"#;

const BYSTANDER: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Metrics","Effect":"Allow","Action":"cloudwatch:PutMetricData","Resource":"*"}]}"#;

fn root(partition: Partition, account: &str) -> String {
    format!("arn:{}:iam::{account}:root", partition.id())
}

fn read_only(partition: Partition) -> String {
    format!("arn:{}:iam::aws:policy/{ECR_READ_ONLY}", partition.id())
}

/// EC2's service principal, which has another name in China.
fn ec2(partition: Partition) -> String {
    let china = partition == Partition::China;
    if china { "ec2.amazonaws.com.cn".to_owned() } else { "ec2.amazonaws.com".to_owned() }
}

fn metadata_document(partition: Partition, organization: &str) -> String {
    let bucket = format!("arn:{}:s3:::unionai-{organization}-metadata", partition.id());
    json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Metadata", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": format!("{bucket}/*")},
        {"Sid": "MetadataList", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket},
    ]})
    .to_string()
}

/// As the platform makes it: every project's default service account, by a wildcard.
fn task_trust(partition: Partition, wishes: &Wishes) -> Value {
    let Some(issuer) = wishes.issuers.first() else { return service_trust(&ec2(partition)) };
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": format!("arn:{}:iam::{}:oidc-provider/{issuer}", partition.id(), wishes.account)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {format!("{issuer}:aud"): wishes.audience},
            "StringLike": {format!("{issuer}:sub"): "system:serviceaccount:*:default"},
        },
    }]})
}

fn service_trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"},
    ]})
}

fn managed(partition: Partition, account: &str, name: &str, document: &str, description: &str) -> Policy {
    let now = LONG_AGO;
    Policy {
        partition,
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: String::new(),
        description: Some(description.to_owned()),
        created: now,
        updated: now,
        default_version: 1,
        last_version: 1,
        versions: [(1, Version { document: document.to_owned(), created: now })].into(),
        tags: Tags::new(),
    }
}

fn role(partition: Partition, account: &str, name: &str, trust: &Value, policies: &[Policy]) -> Role {
    Role {
        partition,
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: String::new(),
        created: LONG_AGO,
        trust: Document { text: trust.to_string(), ..Document::default() },
        description: None,
        max_session: 3600,
        boundary: None,
        inline: Default::default(),
        attached: policies.iter().map(|policy| (policy.arn(), policy.name.clone())).collect(),
        tags: Tags::new(),
    }
}

fn oidc(state: &mut State, account: &str, issuer: &str, audience: &str) -> std::result::Result<(), ApiError> {
    let provider = OidcProvider {
        partition: state.partition,
        account: account.to_owned(),
        url: issuer.to_owned(),
        client_ids: vec![audience.to_owned()],
        thumbprints: vec!["9e99a48a9960b14926bb7f3b02e22da2b0ab7280".to_owned()],
        created: time::now(),
        tags: Tags::new(),
    };
    if state.account_mut(account).oidc.contains_key(&provider.arn()) { Ok(()) } else { state.save_oidc(provider) }
}

fn save_policy(state: &mut State, mut policy: Policy) -> std::result::Result<(), ApiError> {
    if state.account_mut(&policy.account).policies.contains_key(&policy.name.to_lowercase()) {
        return Ok(());
    }
    policy.id = state.ids.unique("ANPA");
    state.save_policy(policy)
}

fn save_role(state: &mut State, mut role: Role) -> std::result::Result<(), ApiError> {
    if state.account_mut(&role.account).role(&role.name).is_some() {
        return Ok(());
    }
    // A policy that was seeded for another role may have been deleted since; nothing may be attached that is not there.
    let account = state.accounts.get(&role.account);
    let own = |arn: &str| account.is_some_and(|account| account.policy(arn).is_some());
    role.attached.retain(|arn, _| state.managed.contains_key(arn) || own(arn));
    role.id = state.ids.unique("AROA");
    state.save_role(role)
}

fn save_repository(state: &mut State, account: &str, region: &str, name: &str) -> std::result::Result<(), ApiError> {
    let key = (region.to_owned(), name.to_owned());
    if state.account_mut(account).repositories.contains_key(&key) {
        return Ok(());
    }
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "ByHand",
        "Effect": "Allow",
        "Principal": {"AWS": root(state.partition, account)},
        "Action": ["ecr:DescribeImages", "ecr:ListImages"],
    }]});
    let mut repository = ecr::new(account, region, name);
    repository.policy = Some(Document { text: crate::pretty::pretty(&policy), ..Document::default() });
    state.save_repository(repository)
}

fn save_bucket(state: &mut State, account: &str, region: &str, name: &str) -> std::result::Result<(), ApiError> {
    if state.bucket(name).is_some() { Ok(()) } else { state.save_bucket(s3::new(account, region, name)) }
}

fn save_secret(
    state: &mut State,
    account: &str,
    region: &str,
    name: &str,
    suffix: &str,
) -> std::result::Result<(), ApiError> {
    let key = (region.to_owned(), name.to_owned());
    if state.account_mut(account).secrets.contains_key(&key) {
        return Ok(());
    }
    let mut secret = secretsmanager::new(account, region, name, suffix);
    secret.versions.push(SecretVersion {
        id: state.ids.uuid(),
        created: time::now(),
        stages: vec!["AWSCURRENT".to_owned()],
        text: Some("a value of the sandbox".to_owned()),
        binary: None,
    });
    state.save_secret(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_locators() {
        let found = Some(("444455556666".to_owned(), "us-west-2".to_owned(), "team/trainer".to_owned()));
        assert_eq!(repository("444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer"), found);
        assert_eq!(repository("444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer:v1"), found);
        assert_eq!(repository("arn:aws:ecr:us-west-2:444455556666:repository/team/trainer"), found);
        let china = Some(("444455556666".to_owned(), "cn-north-1".to_owned(), "team/x".to_owned()));
        assert_eq!(repository("444455556666.dkr.ecr.cn-north-1.amazonaws.com.cn/team/x"), china);
        assert_eq!(repository("arn:aws-cn:ecr:cn-north-1:444455556666:repository/team/x"), china);
        assert_eq!(repository("444455556666.dkr.ecr.us-west-2.amazonaws.com.cn/team/x"), None);
        assert_eq!(repository("444455556666.dkr-ecr.us-west-2.on.aws/team/trainer"), found);
        assert_eq!(repository("444455556666.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn/team/x"), china);
        assert_eq!(repository("444455556666.dkr-ecr.us-west-2.amazonaws.com/team/x"), None);
        assert_eq!(repository("s3://bucket/key"), None);
        let arn = "arn:aws:secretsmanager:us-west-2:111122223333:secret:";
        let names = |text: &str| secret(&format!("{arn}{text}")).map(|(_, _, name, suffix)| (name, suffix));
        assert_eq!(names("labels-token-AbCdEf"), Some(("labels-token".into(), "AbCdEf".into())));
        assert_eq!(names("labels"), Some(("labels".into(), "SeedEd".into())));
        assert_eq!(names("*"), None);
    }

    #[test]
    fn odd_manifests_are_tolerated() {
        for config in [
            json!(null),
            json!([]),
            json!({"aws": 3}),
            json!({"registries": {"a": 1}, "resources": [1], "aws": {"account": "1"}}),
        ] {
            let wishes = Wishes::read(&config);
            assert_eq!((wishes.account.as_str(), wishes.task_role), (DEFAULT_ACCOUNT, None));
        }
        let wishes = Wishes::read(&json!({"platform": {"organization": "acme"}, "aws": {"node_role": "nodes"}}));
        assert_eq!(wishes.task_role.as_deref(), Some("acme-userflyterole"));
        assert_eq!(wishes.node_role.as_deref(), Some("nodes"));
    }
}
