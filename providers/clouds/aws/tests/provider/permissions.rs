//! What `cloudgrant permissions` prints is enough for all that a stack goes through, and holds nothing idle.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types::ServerSideEncryption;
use cloudgrant_core::{Approval, Cancel, ErrorKind, Purpose, Result, Silent};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use crate::buckets::{create, drift, encrypt, key};
use crate::world::{Runs, World, manifest};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";

const READER: &str = "arn:aws:iam::111122223333:policy/events-reader";

const REGISTRIES: &str = "registries:
  - { name: base, access: pull, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/base }
  - { name: own, access: pull, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/own }
";

/// A little of everything: the task role, which gets an existing policy, too, roles of their own, a secret, a repository of another account for nodes and for
/// task code, a bucket of another account under its key, a secret under a key of another account, tags, and a boundary.
fn first() -> String {
    let grants = "grants:
  - { name: all, scope: global, access: { data: read, theirs: read, events: read } }
  - { name: production, scope: { domain: production }, access: { token: read, locked: read, models: read, elsewhere: pull } }
";
    let more = "  events: { aws: 'arn:aws:kinesis:us-west-2:111122223333:stream/events' }
  theirs: { aws: 's3://acme-theirs/in/' }
  locked: { aws: 'arn:aws:secretsmanager:us-west-2:111122223333:secret:locked' }
";
    manifest(&format!("{REGISTRIES}{grants}")).replace("resources:\n", &format!("resources:\n{more}")).replace(
        "  home: account\n",
        &format!(
            "  home: account\n  tags: {{ owner: data }}\n  permissions_boundary: {BOUNDARY}\n  policies: {{ events: {{ read: '{READER}' }} }}\n"
        ),
    )
}

/// What a stack finds.
async fn world() -> World {
    let world = World::new(&manifest(REGISTRIES)).await;
    let (s3, of_bucket, of_secret) = (world.s3(OTHER), key(&world, OTHER).await, key(&world, OTHER).await);
    create(&s3, "acme-theirs", "us-west-2").await;
    encrypt(&s3, "acme-theirs", ServerSideEncryption::AwsKms, Some(&of_bucket)).await;
    let secret = world.secrets().create_secret().name("locked").secret_string("x").kms_key_id(of_secret);
    secret.send().await.expect("a secret");
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let reader = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:GetRecords",
        "Resource":"arn:aws:kinesis:us-west-2:111122223333:stream/events"}]}"#;
    world.iam().create_policy().policy_name("events-reader").policy_document(reader).send().await.expect("a policy");
    world.iam().create_policy().policy_name("boundary").policy_document(document).send().await.expect("a policy");
    world
}

/// The same later: documents and trust change, and somebody leaves.
fn later() -> String {
    let first = first().replace("models: read,", "models: read-write,").replace("data: read", "data: read-write");
    first + "  - { name: vision, scope: { project: vision, domain: production }, access: { models: read } }\n"
}

/// Actions that the way below doesn't need, and what does.
const ONLY_SOMETIMES: [(&str, &str); 17] = [
    ("ecr:DeleteRepositoryPolicy", "nobody else has a statement in the repository's policy"),
    ("ecr:DescribePullThroughCacheRules", "without it, a plan says that the rules couldn't be read"),
    ("ecr:DescribeRepositories", "without it, a plan says what couldn't be looked for"),
    ("iam:GetPolicyVersion", "a policy is there already, because an answer was lost"),
    ("iam:GetRole", "a role is there already, because an answer was lost"),
    ("iam:PutRolePermissionsBoundary", "a role has another boundary"),
    ("iam:TagRole", "AWS asks for it where a role is made with tags; the sandbox doesn't"),
    ("iam:UntagRole", "a role has a tag of the stack's that it no longer gets"),
    ("iam:UpdateAssumeRolePolicy", "whom a role trusts changes"),
    ("kms:DescribeKey", "without it, a drift doesn't say that a key can't be used"),
    ("kms:ListKeys", "so many keys have statements that the mark names all of a region"),
    ("s3:GetBucketOwnershipControls", "without it, a plan says that nobody knows who may read what is written"),
    ("s3:GetBucketPolicyStatus", "without it, a plan doesn't say that the policy is public"),
    ("s3:GetBucketPublicAccessBlock", "a bucket's policy is public"),
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

/// Asks the sandbox itself.
pub(crate) async fn ask(world: &World, request: &str, body: &str) -> Value {
    let address = world.running().endpoint().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("the sandbox");
    let head =
        format!("{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(answer.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

async fn allow(world: &World, policies: &Policies) {
    ask(world, "POST /_sandbox/allow", &json!(policies).to_string()).await;
}

/// How many requests there were, and each of them since: by account, what was called.
async fn called(world: &World, since: usize) -> (usize, BTreeSet<(String, String)>) {
    let log = ask(world, "GET /_sandbox/log", "").await;
    let lines = log.as_array().expect("lines");
    let text = |line: &Value, key: &str| line[key].as_str().expect("text").to_owned();
    let calls = lines[since..].iter().map(|line| (text(line, "account"), text(line, "action")));
    // It needs no permission.
    (lines.len(), calls.filter(|(_, action)| action != "sts:GetCallerIdentity").collect())
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
    let world = world().await;
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
                    let world = self::world().await;
                    allow(&world, &policies).await;
                    (action, matches!(life(&world).await, Ok(true)))
                });
            }
        }
    }
    let mut idle: Vec<_> = without.join_all().await.into_iter().filter(|(_, works)| *works).map(|(it, _)| it).collect();
    idle.sort();
    // Some are in both accounts' documents.
    idle.dedup();
    assert_eq!(idle, ONLY_SOMETIMES.map(|(action, _)| action));
}

#[tokio::test]
async fn what_planning_takes_changes_nothing() {
    let world = world().await;
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
    let world = world().await;
    let policies = printed(&world, &first(), Purpose::Apply).await;
    let home = policies["111122223333"]["Statement"].as_array().expect("statements");
    for statement in home {
        let resources = statement["Resource"].to_string();
        match statement["Sid"].as_str().expect("a Sid") {
            // These take no narrower resource.
            "ReadAccount" | "ListBuckets" | "ReadPullThrough" => assert_eq!(resources, r#"["*"]"#),
            "WritePolicies" | "WriteRoles" => {
                assert!(
                    resources.contains("/cloudgrant/tests") && resources.ends_with("/*\"]") && !resources.contains(","),
                    "{resources}"
                );
            }
            "AttachPolicies" => {
                assert!(statement["Condition"]["ArnLike"]["iam:PolicyARN"].is_array(), "{statement}");
                let others = resources.replace("role/*/acme-userflyterole", "");
                assert!(!others.contains("role/*"), "{resources}");
            }
            _ => assert!(!resources.contains("\"*\""), "{resources}"),
        }
    }
    let elsewhere = policies[OTHER]["Statement"].as_array().expect("statements");
    let of = |sid: &str| {
        let statement = elsewhere.iter().find(|statement| statement["Sid"] == sid).expect(sid);
        statement["Resource"].clone()
    };
    // Which of the buckets is that account's, nobody has asked: in another one, this allows nothing.
    let buckets = json!(["arn:aws:s3:::acme-data", "arn:aws:s3:::acme-models", "arn:aws:s3:::acme-theirs"]);
    assert_eq!((of("ReadBucketPolicies"), of("WriteBucketPolicies")), (buckets.clone(), buckets));
    assert_eq!(of("WriteKeyPolicies"), json!(["arn:aws:kms:*:444455556666:key/*"]));
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

/// The statements of a policy, by their Sids.
fn by_sid(policy: &Value) -> BTreeMap<&str, &Value> {
    let statements = policy["Statement"].as_array().expect("statements").iter();
    statements.map(|statement| (statement["Sid"].as_str().expect("a Sid"), statement)).collect()
}

#[tokio::test]
async fn what_a_manifest_does_not_make_may_only_be_taken_away() {
    let world = World::new(&manifest("")).await;
    let narrow = manifest(
        "grants:
  - { name: all, scope: global, access: { data: read } }
  - { name: production, scope: { domain: production }, access: { models: read } }
",
    );
    let global = manifest("grants:\n  - { name: all, scope: global, access: { data: read } }\n");
    let registries = manifest(REGISTRIES).replace("444455556666.dkr", "111122223333.dkr");
    world.converge(&narrow).await;

    let policies = printed(&world, &global, Purpose::Apply).await;
    let sids = by_sid(&policies[OWN]);
    assert!(!sids.contains_key("WriteRoles") && !sids.contains_key("BoundRoles"), "{sids:#?}");
    assert_eq!(sids["RemoveRoles"]["Action"], json!(["iam:DeleteRole"]));
    let task_role = ["", "*/"].map(|path| format!("arn:aws:iam::111122223333:role/{path}acme-userflyterole"));
    assert_eq!(sids["AttachPolicies"]["Resource"], json!(task_role));
    let attached = sids["AttachPolicies"]["Condition"]["ArnLike"]["iam:PolicyARN"].as_array().expect("ARNs");
    assert_eq!(attached.len(), 1, "the platform's task policy is for roles of the stack: {attached:?}");
    assert_eq!(sids["DetachPolicies"]["Action"], json!(["iam:DetachRolePolicy"]));
    allow(&world, &policies).await;
    let made = world.apply(&narrow.replace("production }", "staging }")).await;
    assert!(made.map_or(true, |report| !report.is_success()), "no role can be made with it");
    // The role of before can be taken away.
    let report = world.apply(&global).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    assert!(world.plan(&global).await.expect("a plan").is_empty());

    // Registries of the own account take nothing of the stack's own.
    let policies = printed(&world, &registries, Purpose::Apply).await;
    let sids = by_sid(&policies[OWN]);
    for sid in ["WritePolicies", "WriteRoles", "AttachPolicies"] {
        assert!(!sids.contains_key(sid), "{sids:#?}");
    }
    allow(&world, &policies).await;
    let report = world.apply(&registries).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    allow(&world, &Policies::new()).await;
    let left = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert_eq!(left.policies().len(), 0, "{left:?}");
}

#[tokio::test]
async fn why_something_may_be_taken_away_and_why_every_key_is_named_is_said() {
    let world = World::new(&manifest("")).await;
    let notes = |text: String, purpose: Purpose| {
        let world = &world;
        async move {
            let session = world.session(&text).await.expect("a session");
            let all = session.provider().permissions(session.intents(), purpose);
            all.into_iter().flat_map(|one| one.notes).collect::<Vec<_>>().join("\n")
        }
    };
    let global =
        |access: &str| manifest(&format!("grants:\n  - {{ name: all, scope: global, access: {{ {access} }} }}\n"));
    let apply = notes(global("data: read"), Purpose::Apply).await;
    assert!(apply.contains("RemoveRoles and DetachPolicies are for what an earlier state"), "{apply}");
    assert!(
        apply.contains("ReadKeyPolicies and WriteKeyPolicies are for every key of account 444455556666"),
        "{apply}"
    );
    let plan = notes(global("data: read"), Purpose::Plan).await;
    assert!(plan.contains("ReadKeyPolicies is for every key") && !plan.contains("Remove"), "{plan}");
    // To list a bucket takes no key.
    let policies = printed(&world, &global("data: list"), Purpose::Apply).await;
    assert!(!policies[OTHER].to_string().contains("kms:"), "{policies:#?}");
}

/// With the condition, nobody can lock a key's administrators out by what is printed.
#[tokio::test]
async fn a_key_s_administrators_cannot_be_locked_out() {
    let world = world().await;
    let key = key(&world, OTHER).await;
    allow(&world, &printed(&world, &first(), Purpose::Apply).await).await;
    let kms = world.kms(OTHER);
    let policy = kms.get_key_policy().key_id(&key).send().await.expect("allowed").policy.expect("a policy");
    let put = || kms.put_key_policy().key_id(&key).policy(&policy);
    put().send().await.expect("allowed");
    let locked_out = put().bypass_policy_lockout_safety_check(true).send().await.expect_err("denied");
    assert!(format!("{locked_out:?}").contains("AccessDenied"), "{locked_out:?}");
}

/// What somebody does beside the stack, so that a run has to mend it.
async fn tamper(world: &World) {
    let iam = world.iam();
    let (role, arn) = ("cloudgrant_tests_production", crate::world::policy_arn("cloudgrant_tests_production"));
    iam.untag_policy().policy_arn(arn).tag_keys("owner").send().await.expect("untagged");
    iam.untag_role().role_name(role).tag_keys("owner").send().await.expect("untagged");
    iam.delete_role_permissions_boundary().role_name(role).send().await.expect("without a boundary");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    iam.update_assume_role_policy().role_name(role).policy_document(trust).send().await.expect("a trust policy");
}

/// What another run made whose answers were lost.
async fn make_before(world: &World) {
    let (iam, path) = (world.iam(), "/cloudgrant/tests/");
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let made = iam.create_policy().policy_name("cloudgrant_tests_production").path(path).policy_document(document);
    made.send().await.expect("a policy");
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let made = iam.create_role().role_name("cloudgrant_tests_production").path(path).assume_role_policy_document(trust);
    made.send().await.expect("a role");
}

/// Whatever the provider learns to call has to be in what is printed, and whatever it no longer calls goes from there.
#[tokio::test]
async fn what_is_called_is_what_is_printed() {
    let world = world().await;
    let policies = printed(&world, &first(), Purpose::Apply).await;
    let ecr = world.ecr(OTHER);
    // Nobody else has a part in this one.
    ecr.delete_repository_policy().repository_name("team/elsewhere").send().await.expect("deleted");
    let mut all = BTreeSet::new();
    let session = world.session(&first()).await.expect("a session");
    let engine = session.engine();
    let (mark, _) = called(&world, 0).await;
    let plan = engine.plan(&Silent).await.expect("a plan");
    all.extend(called(&world, mark).await.1);
    make_before(&world).await;
    let (mark, _) = called(&world, 0).await;
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    all.extend(called(&world, mark).await.1);
    tamper(&world).await;
    let (mark, _) = called(&world, 0).await;
    drift(&world, &first()).await;
    world.converge(&first()).await;
    // A policy holds five versions.
    for _ in 0..3 {
        assert!(life(&world).await.unwrap_or_else(|error| panic!("{error:?}")));
        for text in [first(), later(), first(), later(), first()] {
            world.converge(&text).await;
        }
    }
    assert!(world.revoke_all(&first()).await.expect("revoked").is_success());
    all.extend(called(&world, mark).await.1);
    let mut printed = BTreeSet::new();
    for (account, policy) in &policies {
        for statement in policy["Statement"].as_array().expect("statements") {
            let actions = statement["Action"].as_array().expect("actions").iter();
            printed.extend(actions.map(|action| (account.clone(), action.as_str().expect("text").to_owned())));
        }
    }
    let missing: Vec<_> = all.difference(&printed).collect();
    assert!(missing.is_empty(), "called, and not printed: {missing:#?}");
    let idle: Vec<_> = printed.difference(&all).map(|(account, action)| (account.as_str(), action.as_str())).collect();
    // A tag of the stack's that a role no longer gets; a key of the own account; so many keys that a mark names all of a region; a
    // public policy.
    let never = [
        (OWN, "iam:UntagRole"),
        (OWN, "kms:DescribeKey"),
        (OTHER, "kms:ListKeys"),
        (OTHER, "s3:GetBucketPublicAccessBlock"),
    ];
    assert_eq!(idle, never, "printed, and never called");
}
