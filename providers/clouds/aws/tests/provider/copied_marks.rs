//! Anybody can copy a mark of the stack's. It hides nothing from `drift`, and makes nothing foreign the stack's.

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Plan, Silent};
use serde_json::json;

use crate::world::{Runs, World, manifest, policy_arn};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read-write, token: read, elsewhere: pull } }
  - { name: c, scope: { project: vision, domain: production }, access: { images: push } }
  - { name: d, scope: { domain: development }, access: { models: list } }
";
const ROLE: &str = "cloudgrant_tests_production";
const TASK_ROLE: &str = "acme-userflyterole";
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

async fn looked(world: &World, text: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await.expect("a look")
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().expect("a tag")
}

async fn attach(world: &World, role: &str, policy: &str) {
    world.iam().attach_role_policy().role_name(role).policy_arn(policy).send().await.expect("attached");
}

/// A policy at the stack's path.
async fn make(world: &World, name: &str, document: &str, tags: &[Tag]) {
    let make = world.iam().create_policy().policy_name(name).path("/cloudgrant/tests/").policy_document(document);
    make.set_tags(Some(tags.to_vec())).send().await.expect("a policy");
}

/// The tags of the stack's own policies.
async fn copied(world: &World) -> Vec<Tag> {
    let listed = world.iam().list_policy_tags().policy_arn(policy_arn(ROLE)).send().await.expect("tags");
    assert!(!listed.tags().is_empty());
    listed.tags().to_vec()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    TaskPolicy,
    Copied,
    CopiedShared,
    OddlyNamed,
    AnotherScopes,
    Mallory,
    OnTheTaskRole,
}

impl Edit {
    const ALL: [Self; 7] = [
        Self::TaskPolicy,
        Self::Copied,
        Self::CopiedShared,
        Self::OddlyNamed,
        Self::AnotherScopes,
        Self::Mallory,
        Self::OnTheTaskRole,
    ];

    async fn make(self, world: &World) {
        let iam = world.iam();
        match self {
            Self::TaskPolicy => {
                let tags = iam.tag_role().role_name(ROLE).tags(tag("cloudgrant:task-policy", ADMIN));
                tags.send().await.expect("tagged");
                attach(world, ROLE, ADMIN).await;
            }
            Self::Copied => {
                make(world, "cloudgrant_tests_evil", ALL, &copied(world).await).await;
                attach(world, ROLE, &policy_arn("cloudgrant_tests_evil")).await;
            }
            Self::CopiedShared => {
                let name = format!("cloudgrant_tests_shared.{}", "0".repeat(32));
                make(world, &name, ALL, &copied(world).await).await;
                attach(world, ROLE, &policy_arn(&name)).await;
            }
            Self::OddlyNamed => {
                make(world, "evil", ALL, &copied(world).await).await;
                attach(world, ROLE, &policy_arn("evil")).await;
            }
            Self::AnotherScopes => attach(world, "cloudgrant_tests_development", &policy_arn(ROLE)).await,
            Self::Mallory => {
                iam.create_role().role_name("mallory").assume_role_policy_document(TRUST).send().await.expect("a role");
                let tags =
                    iam.tag_policy().policy_arn(policy_arn(ROLE)).tags(tag("cloudgrant:attached-to:mallory", ""));
                tags.send().await.expect("tagged");
                attach(world, "mallory", &policy_arn(ROLE)).await;
            }
            Self::OnTheTaskRole => attach(world, TASK_ROLE, &policy_arn(ROLE)).await,
        }
    }

    /// What is told of it.
    fn told(self) -> String {
        match self {
            Self::TaskPolicy => format!("iam-role {ROLE} has the policy AdministratorAccess, which its tag"),
            Self::Copied => "iam-policy cloudgrant_tests_evil allows * on *, which".to_owned(),
            Self::CopiedShared => format!("iam-policy cloudgrant_tests_shared.{} allows * on *", "0".repeat(32)),
            Self::OddlyNamed => format!("iam-role {ROLE} has the policy evil, which this stack did not give it"),
            Self::AnotherScopes => {
                format!("iam-role cloudgrant_tests_development has the policy {ROLE}, which is that of another scope")
            }
            Self::Mallory => format!("iam-policy {ROLE} is attached to role mallory, which the manifest does not name"),
            Self::OnTheTaskRole => format!("iam-policy {ROLE} is attached to role {TASK_ROLE}, which carries what"),
        }
    }
}

/// What is told, and whether the manifest was compared. A protected task role keeps it from that.
async fn told(world: &World, text: &str) -> Vec<String> {
    let plan = looked(world, text).await;
    let told: Vec<_> = plan.widened.iter().map(|one| format!("{} {}", one.object, one.what)).collect();
    assert!(told.is_empty() || plan.has_drift());
    told
}

#[tokio::test]
async fn a_copied_mark_hides_nothing_from_drift() {
    let text = manifest(GRANTS);
    let uncompared = text.replace("  home: account\n", "  home: account\n  protected: [acme-userflyterole]\n");
    let nothing = manifest("\ngrants: []\n");
    let mut hidden = Vec::new();
    for edit in Edit::ALL {
        let world = World::new(&text).await;
        world.converge(&text).await;
        for text in [&text, &uncompared, &nothing] {
            assert_eq!(told(&world, text).await, Vec::<String>::new(), "{edit:?}");
        }
        edit.make(&world).await;
        for (how, text) in [("compared", &text), ("uncompared", &uncompared), ("unwanted", &nothing)] {
            let told = told(&world, text).await;
            if !told.iter().any(|one| one.starts_with(&edit.told())) || told.len() != 1 {
                hidden.push(format!("{edit:?}, {how}: {told:#?}"));
            }
        }
        // What is foreign stays, and what the stack may have given goes.
        let report = world.apply(&text).await.expect("applied");
        assert!(report.is_success(), "{edit:?}: {report:#?}");
        let left = told(&world, &text).await;
        assert_eq!(left.is_empty(), edit != Edit::OddlyNamed, "{edit:?}: {left:#?}");
        let theirs = world.iam().get_policy().policy_arn(policy_arn("evil")).send().await;
        assert_eq!(theirs.is_ok(), edit == Edit::OddlyNamed, "{edit:?}");
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}

/// It is nobody's but whoever's made it: the stack's own goes, and the rest stays and is told.
#[tokio::test]
async fn a_policy_at_the_stack_s_path_that_it_never_names_so_stays() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    Edit::OddlyNamed.make(&world).await;
    let plan = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
    let plan = plan.plan(&Silent).await.expect("a plan");
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.object.name == ROLE && stays.reason.contains("the policy evil"), "{stays:?}");
    let of_it = |note: &&cloudgrant_core::Note| note.about == "iam-policy evil";
    let note = plan.notes.iter().find(of_it).map(|note| note.message.as_str());
    assert!(note.is_some_and(|note| note.contains("left as it is")), "{:#?}", plan.notes);
    world.revoke_all(&text).await.expect("revoked");
    assert_eq!(world.attached(ROLE).await, ["evil"]);
    assert!(world.iam().get_policy().policy_arn(policy_arn("evil")).send().await.is_ok());
}

/// A policy in exactly the form of the stack's, which carries no mark of it: somebody else made it.
#[tokio::test]
async fn a_policy_without_the_stack_s_tags_is_told() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let owned = json!({ "StringEquals": { "aws:ResourceAccount": "111122223333" } });
    let read = json!({
        "Sid": "XRead", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::acme-other/*"],
        "Condition": owned,
    });
    let document = json!({ "Version": "2012-10-17", "Statement": [read] }).to_string();
    for (name, tags, is_told) in [
        ("cloudgrant_tests_production+7", copied(&world).await, false),
        ("cloudgrant_tests_production+8", vec![tag("cloudgrant:stack", "other")], true),
        ("cloudgrant_tests_production+9", Vec::new(), true),
    ] {
        make(&world, name, &document, &tags).await;
        attach(&world, ROLE, &policy_arn(name)).await;
        let told = told(&world, &text).await;
        assert_eq!(!told.is_empty(), is_told, "{name}: {told:#?}");
        let expected = format!("iam-policy {name} is attached to a role of this stack and carries no mark of it");
        assert!(told.iter().all(|one| one.starts_with(&expected)), "{told:#?}");
        // Nothing wants it, and the path is the stack's.
        world.converge(&text).await;
    }
}

/// What the stack itself gave is told as nothing but an ordinary difference: policies that scopes share, and those of a scope of before.
#[tokio::test]
async fn what_an_earlier_manifest_gave_is_no_copied_mark() {
    let more = manifest(GRANTS)
        + "  - { name: e, scope: { project: forecasting, domain: production }, access: { images: push, data: read } }
  - { name: f, scope: { project: forecasting, domain: development }, access: { images: push, data: read } }
  - { name: g, scope: global, access: { images: pull, token: read } }
";
    let text = manifest(GRANTS);
    let world = World::new(&more).await;
    world.converge(&more).await;
    let uncompared = text.replace("  home: account\n", "  home: account\n  protected: [acme-userflyterole]\n");
    for text in [&more, &text, &uncompared, &manifest("\ngrants: []\n")] {
        assert_eq!(told(&world, text).await, Vec::<String>::new());
    }
}
