//! What `cloudgrant permissions` prints is enough for all that a stack goes through, and holds nothing idle.

use std::collections::BTreeMap;

use cloudgrant_core::{ErrorKind, Purpose, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::world::{Runs, World, manifest};

/// A little of everything: the task role, roles of their own, a secret, a repository of another account for nodes and for
/// task code.
fn first() -> String {
    manifest(
        "registries: [{ name: base, access: pull, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/base }]
grants:
  - { name: all, scope: global, access: { data: read } }
  - { name: production, scope: { domain: production }, access: { token: read, models: read, elsewhere: pull } }
",
    )
}

/// The same later: documents and trust change, and somebody leaves.
fn later() -> String {
    let first = first().replace("models: read,", "models: read-write,").replace("data: read", "data: read-write");
    first + "  - { name: vision, scope: { project: vision, domain: production }, access: { models: read } }\n"
}

/// Actions that the way below doesn't need, and what does.
const ONLY_SOMETIMES: [(&str, &str); 12] = [
    ("ecr:DeleteRepositoryPolicy", "nobody else has a statement in the repository's policy"),
    ("ecr:DescribeRepositories", "the manifest no longer names a repository; without it, a run goes on"),
    ("iam:GetPolicy", "a policy is there already, because an answer was lost"),
    ("iam:GetPolicyVersion", "a policy is there already, because an answer was lost"),
    ("iam:GetRole", "a role is there already, because an answer was lost"),
    ("iam:TagPolicy", "AWS asks for it where a policy is made with tags; the sandbox doesn't"),
    ("iam:TagRole", "AWS asks for it where a role is made with tags; the sandbox doesn't"),
    ("iam:UntagRole", "a role has a tag of the stack's that it no longer gets"),
    ("iam:UpdateAssumeRolePolicy", "whom a role trusts changes"),
    ("s3:GetEncryptionConfiguration", "without it, a plan warns that nobody knows the bucket's key"),
    ("s3:ListAllMyBuckets", "without it, a plan warns that nobody knows whose buckets these are"),
    ("secretsmanager:DescribeSecret", "without it, a plan warns and names a pattern of ARNs"),
];

/// The policies, by account.
type Policies = BTreeMap<String, Value>;

async fn printed(world: &World, text: &str, purpose: Purpose) -> Policies {
    let session = world.session(text).await.expect("a session");
    let all = session.provider().permissions(session.intents(), purpose);
    let account = |holder: &str| {
        let accounts = ["111122223333", "444455556666"];
        accounts.into_iter().find(|account| holder.contains(account)).expect("an account of the manifest").to_owned()
    };
    all.into_iter().map(|one| (account(&one.holder), one.document)).collect()
}

async fn allow(world: &World, policies: &Policies) {
    let address = world.running().endpoint().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the sandbox");
    let body = json!(policies).to_string();
    let head = format!(
        "POST /_sandbox/allow HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// All that a stack goes through: made, changed, changed back, and taken away.
async fn life(world: &World) -> Result<bool> {
    for text in [first(), later(), first()] {
        let report = world.apply(&text).await?;
        if !report.is_success() {
            return Ok(false);
        }
    }
    Ok(world.revoke_all(&first()).await?.is_success())
}

#[tokio::test]
async fn what_is_printed_is_enough_and_nothing_in_it_is_idle() {
    let world = World::new(&first()).await;
    let policies = printed(&world, &first(), Purpose::Apply).await;
    assert_eq!(policies.len(), 2, "{policies:#?}");
    allow(&world, &policies).await;
    assert!(life(&world).await.unwrap_or_else(|error| panic!("{error:?}")), "enough");

    let mut without = JoinSet::new();
    for (account, policy) in &policies {
        for (at, statement) in policy["Statement"].as_array().expect("statements").iter().enumerate() {
            for action in statement["Action"].as_array().expect("actions") {
                let mut policies = policies.clone();
                let policy = policies.get_mut(account).expect("the account");
                policy["Statement"][at]["Action"].as_array_mut().expect("actions").retain(|other| other != action);
                let action = action.as_str().expect("text").to_owned();
                without.spawn(async move {
                    let world = World::new(&first()).await;
                    allow(&world, &policies).await;
                    (action, matches!(life(&world).await, Ok(true)))
                });
            }
        }
    }
    let mut idle: Vec<_> = without.join_all().await.into_iter().filter(|(_, works)| *works).map(|(it, _)| it).collect();
    idle.sort();
    assert_eq!(idle, ONLY_SOMETIMES.map(|(action, _)| action));
}

#[tokio::test]
async fn what_planning_takes_changes_nothing() {
    let world = World::new(&first()).await;
    let policies = printed(&world, &first(), Purpose::Plan).await;
    allow(&world, &policies).await;
    let before = world.everything();
    assert!(!world.plan(&first()).await.expect("a plan").is_empty());
    let denied = match world.apply(&first()).await {
        Err(error) => error.kind() == ErrorKind::AccessDenied,
        Ok(report) => !report.failed.is_empty() && report.applied.is_empty(),
    };
    assert!(denied, "nothing can be written with it");
    assert_eq!(world.everything(), before);
    // A plan of what is there takes no more.
    allow(&world, &Policies::new()).await;
    world.converge(&first()).await;
    allow(&world, &policies).await;
    assert!(world.plan(&first()).await.expect("a plan").is_empty());
}

#[tokio::test]
async fn writing_is_narrowed_to_the_stack() {
    let world = World::new(&first()).await;
    let policies = printed(&world, &first(), Purpose::Apply).await;
    let home = policies["111122223333"]["Statement"].as_array().expect("statements");
    for statement in home {
        let resources = statement["Resource"].to_string();
        match statement["Sid"].as_str().expect("a Sid") {
            "ReadAccount" | "ListBuckets" => assert_eq!(resources, r#"["*"]"#),
            "WritePolicies" | "WriteRoles" => {
                assert!(
                    resources.contains("/cloudgrant/tests") && resources.ends_with("/*\"]") && !resources.contains(","),
                    "{resources}"
                );
            }
            "AttachPolicies" => {
                assert!(statement["Condition"]["ArnLike"]["iam:PolicyARN"].is_array(), "{statement}");
                assert!(!resources.contains("role/*"), "{resources}");
            }
            _ => assert!(!resources.contains("\"*\""), "{resources}"),
        }
    }
    // Somebody else's role is out of reach, and so is any other policy for the task role.
    allow(&world, &policies).await;
    let iam = world.iam();
    let foreign = iam.delete_role().role_name("acme-adminflyterole").send().await.expect_err("out of reach");
    assert!(format!("{foreign:?}").contains("AccessDenied"), "{foreign:?}");
    let other = "arn:aws:iam::aws:policy/AdministratorAccess";
    let attached = iam.attach_role_policy().role_name("acme-userflyterole").policy_arn(other).send().await;
    let attached = attached.expect_err("any other policy");
    assert!(format!("{attached:?}").contains("AccessDenied"), "{attached:?}");
}
