//! What others added to the stack's own roles is told also where the manifest as a whole can't be held against the cloud: whoever
//! adds it would hide it by that.

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{ErrorKind, Level, Note, Plan, Result, Silent};

use crate::world::{Runs, World, manifest, policy_arn};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read, token: read, elsewhere: pull } }
";

const ROLE: &str = "cloudgrant_tests_production";

/// What keeps the manifest from being compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    SecretIsGone,
    TaskRoleIsGone,
    NameIsProtected,
    Denied(&'static str),
    TaggedAsOthers,
    Untagged,
}

const STATES: [State; 11] = [
    State::SecretIsGone,
    State::TaskRoleIsGone,
    State::NameIsProtected,
    State::Denied("secretsmanager:DescribeSecret"),
    State::Denied("s3:ListAllMyBuckets"),
    State::Denied("ecr:DescribeRepositories"),
    State::Denied("ecr:GetRepositoryPolicy"),
    State::Denied("iam:GetAccountSummary"),
    State::Denied("iam:GetOpenIDConnectProvider"),
    State::TaggedAsOthers,
    State::Untagged,
];

async fn world_in(state: State, text: &str) -> (World, String) {
    let mut world = World::new(text).await;
    world.converge(text).await;
    let iam = world.iam();
    let mut manifest = text.to_owned();
    match state {
        State::SecretIsGone => {
            let delete = world.secrets().delete_secret().secret_id("token").force_delete_without_recovery(true);
            delete.send().await.expect("deleted");
        }
        State::TaskRoleIsGone => {
            let role = "acme-userflyterole";
            let attached = iam.list_attached_role_policies().role_name(role).send().await.expect("policies");
            for policy in attached.attached_policies() {
                let arn = policy.policy_arn().expect("an ARN");
                iam.detach_role_policy().role_name(role).policy_arn(arn).send().await.expect("detached");
            }
            iam.delete_role().role_name(role).send().await.expect("deleted");
        }
        State::NameIsProtected => {
            manifest = manifest.replace("  home: account\n", "  home: account\n  protected: [acme-userflyterole]\n");
        }
        State::Denied(action) => world.restart(text, &format!("deny={action}")).await,
        State::TaggedAsOthers => {
            let tag = Tag::builder().key("cloudgrant:stack").value("another").build().expect("a tag");
            iam.tag_role().role_name(ROLE).tags(tag).send().await.expect("tagged");
        }
        State::Untagged => {
            let role = iam.get_role().role_name(ROLE).send().await.expect("the role").role.expect("a role");
            let keys: Vec<_> = role.tags().iter().map(|tag| tag.key().to_owned()).collect();
            iam.untag_role().role_name(ROLE).set_tag_keys(Some(keys)).send().await.expect("untagged");
        }
    }
    (world, manifest)
}

async fn looked(world: &World, text: &str) -> Plan {
    try_to_look(world, text).await.expect("a look")
}

async fn try_to_look(world: &World, text: &str) -> Result<Plan> {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await
}

#[tokio::test]
async fn admin_rights_are_told_whatever_keeps_the_rest_from_being_compared() {
    let text = manifest(GRANTS);
    let mut hidden = Vec::new();
    for state in STATES {
        let (world, text) = world_in(state, &text).await;
        let clean = try_to_look(&world, &text).await;
        assert!(clean.is_err() || clean.is_ok_and(|plan| plan.widened.is_empty()), "{state:?}");

        let iam = world.iam();
        let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let inline = iam.put_role_policy().role_name(ROLE).policy_name("admin").policy_document(document);
        inline.send().await.expect("an inline policy");
        let theirs = "arn:aws:iam::aws:policy/AdministratorAccess";
        iam.attach_role_policy().role_name(ROLE).policy_arn(theirs).send().await.expect("attached");
        let node = "unionai-acme-flyteworker-node-group";
        iam.attach_role_policy().role_name(node).policy_arn(policy_arn(ROLE)).send().await.expect("attached");

        let plan = match try_to_look(&world, &text).await {
            Ok(plan) => plan,
            Err(error) => {
                hidden.push(format!("{state:?}: {error}"));
                continue;
            }
        };
        let told: Vec<_> = plan.widened.iter().map(|one| format!("{} {}", one.object, one.what)).collect();
        for what in [
            format!("iam-role {ROLE} has the inline policy admin, which this stack did not give it"),
            format!("iam-role {ROLE} has the policy AdministratorAccess, which this stack did not give it"),
            format!("iam-policy {ROLE} is attached to role {node}, which this stack did not do"),
        ] {
            if !told.contains(&what) {
                hidden.push(format!("{state:?}: {what}"));
            }
        }
        assert!(told.len() <= 3, "{state:?}: {told:#?}");
        assert!(plan.has_drift() || !hidden.is_empty(), "{state:?}");
        // Where the stack's own policies say what can't be read, nothing is in the way.
        let is_refused = matches!(state, State::TaskRoleIsGone | State::NameIsProtected | State::TaggedAsOthers);
        assert!(plan.refusal.is_some() || !is_refused, "{state:?}: {plan:#?}");
    }
    assert!(hidden.is_empty(), "{hidden:#?}");
}

/// What isn't known is said, and taken for no difference.
#[tokio::test]
async fn what_was_not_compared_is_said_and_is_no_drift() {
    let text = manifest(GRANTS);
    for (state, kind) in [
        (State::NameIsProtected, ErrorKind::Manifest),
        (State::Denied("ecr:GetRepositoryPolicy"), ErrorKind::AccessDenied),
    ] {
        let (world, text) = world_in(state, &text).await;
        let plan = looked(&world, &text).await;
        assert_eq!(plan.refusal.as_ref().map(|refusal| refusal.error().kind()), Some(kind), "{state:?}");
        assert!(plan.changes.is_empty() && !plan.has_drift(), "{state:?}: {plan:#?}");
        let is_said = |note: &&Note| note.message.contains("couldn't be held against the manifest");
        let said = plan.notes.iter().find(is_said).map(|note| note.level);
        assert_eq!(said, Some(Level::Warning), "{state:?}: {:#?}", plan.notes);
    }
}
