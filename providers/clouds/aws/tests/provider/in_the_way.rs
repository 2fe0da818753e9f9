//! Something of somebody else's in the place of what one grant needs, or something that all roles need and that isn't there:
//! whoever takes another grant away goes past it.

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Action, Approval, Cancel, ErrorKind, Level, ObjectId, Plan, Settings, Silent, Stays};

use crate::world::{Runs, World, manifest, policy_arn, refused, said};

const GRANTS: &str = "
grants:
  - { name: all, scope: global, access: { data: read } }
  - { name: prod, scope: { domain: production }, access: { models: read, elsewhere: pull } }
  - { name: also, scope: { domain: production }, access: { token: read } }
  - { name: dev, scope: { domain: development }, access: { models: read } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }]
";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const ROLE: &str = "cloudgrant_tests_production";

/// Takes grants away, and answers with the plan.
async fn revoke(world: &World, text: &str, grants: &[&str]) -> Plan {
    let grants: Vec<_> = grants.iter().map(|&grant| grant.to_owned()).collect();
    let session = world.session_with(text, Settings::default()).await.expect("a session");
    let engine = session.engine_without(Some(&grants)).expect("they are listed");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    let report = report.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    assert!(report.is_success(), "{grants:?}: {report:#?}");
    plan
}

fn told<'a>(plan: &'a Plan, about: &str) -> Vec<&'a str> {
    plan.notes.iter().filter(|note| note.about == about).map(|note| note.message.as_str()).collect()
}

/// Somebody deletes a role of the stack's, and makes one of the same name for something else.
async fn taken_over(world: &World) {
    let iam = world.iam();
    let attached = iam.list_attached_role_policies().role_name(ROLE).send().await.expect("policies");
    for policy in attached.attached_policies() {
        let arn = policy.policy_arn().expect("an ARN");
        iam.detach_role_policy().role_name(ROLE).policy_arn(arn).send().await.expect("detached");
    }
    iam.delete_role().role_name(ROLE).send().await.expect("deleted");
    iam.create_role().role_name(ROLE).assume_role_policy_document(TRUST).send().await.expect("theirs");
    let theirs = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    iam.attach_role_policy().role_name(ROLE).policy_arn(theirs).send().await.expect("attached");
}

#[tokio::test]
async fn a_role_of_somebody_else_is_in_the_way_of_its_own_grants_alone() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    taken_over(&world).await;
    let theirs = async || {
        let role = world.iam().get_role().role_name(ROLE).send().await.expect("theirs").role.expect("a role");
        (role.arn, role.role_id, role.assume_role_policy_document, world.attached(ROLE).await)
    };
    let before = theirs().await;
    let error = refused(world.plan(&text).await);
    let all = said(&error);
    assert!(error.kind() == ErrorKind::Conflict && all.contains("grant prod") && !all.contains("grant dev"), "{all}");
    for other in ["dev", "all"] {
        let plan = revoke(&world, &text, &[other]).await;
        assert!(plan.stays.is_empty() && told(&plan, "grant prod").is_empty(), "{plan:#?}");
        assert!(plan.changes.iter().all(|change| !change.id.name.contains("production")), "{:#?}", plan.changes);
    }
    // One of its own, and both of them.
    for (own, first) in [(&["also"][..], "grant also"), (&["prod", "also"], "grant prod")] {
        let plan = revoke(&world, &text, own).await;
        let expected = format!("iam-role {ROLE} exists, and is not this stack's: it is left as it is");
        assert_eq!(told(&plan, first), [expected], "{:#?}", plan.notes);
        assert_eq!(theirs().await, before, "{own:?}");
    }
    // The rest of it is gone.
    let ours = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
    assert!(ours.policies().iter().all(|policy| policy.policy_name() != Some(ROLE)), "{ours:?}");
    let statements = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    let statements = statements.ok().and_then(|policy| policy.policy_text).unwrap_or_default();
    assert!(!statements.contains(ROLE), "{statements}");
}

#[tokio::test]
async fn nothing_is_attached_to_a_role_of_somebody_else_that_carries_what_is_revoked() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    taken_over(&world).await;
    world.iam().attach_role_policy().role_name(ROLE).policy_arn(policy_arn(ROLE)).send().await.expect("attached");
    let before = world.attached(ROLE).await;
    for grants in [&["dev"][..], &["all"], &["also"]] {
        revoke(&world, &text, grants).await;
        let now = world.attached(ROLE).await;
        assert!(now.iter().all(|name| before.contains(name)), "{grants:?}: {now:?}");
    }
}

#[tokio::test]
async fn a_policy_of_somebody_else_is_in_the_way_of_its_own_grant_alone() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let iam = world.iam();
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let theirs = iam.create_policy().policy_name(ROLE).policy_document(document).send().await.expect("a policy");
    let dev = "  - { name: dev, scope: { domain: development }, access: { models: read } }\n";
    let (before, _) = GRANTS.split_once("  - { name: prod").expect("several");
    world.converge(&manifest(&format!("{before}{dev}"))).await;
    let error = refused(world.plan(&text).await);
    assert!(error.kind() == ErrorKind::Conflict && said(&error).contains("grant prod"), "{error:?}");
    let plan = revoke(&world, &text, &["dev"]).await;
    let is_warned = plan.notes.iter().any(|note| note.level == Level::Warning);
    assert!(!plan.is_empty() && plan.stays.is_empty() && !is_warned, "{plan:#?}");
    let arn = theirs.policy.and_then(|policy| policy.arn).expect("an ARN");
    let policy = iam.get_policy().policy_arn(arn).send().await.expect("there").policy.expect("a policy");
    assert_eq!(policy.attachment_count, Some(0));
}

/// Sets tags of the role, and takes others away.
async fn tagged(world: &World, set: &[(&str, &str)], gone: &[&str]) {
    let iam = world.iam();
    let keys = gone.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
    if !keys.is_empty() {
        iam.untag_role().role_name(ROLE).set_tag_keys(Some(keys)).send().await.expect("untagged");
    }
    for (key, value) in set {
        let tag = Tag::builder().key(*key).value(*value).build().expect("a tag");
        iam.tag_role().role_name(ROLE).tags(tag).send().await.expect("tagged");
    }
}

/// Whoever made a role below the stack's path, or made it theirs.
#[tokio::test]
async fn a_role_with_the_mark_of_another_stack_or_home_is_somebody_else_s() {
    let text = manifest(GRANTS);
    let none = manifest("");
    for (key, value) in [
        ("cloudgrant:stack", "other"),
        ("cloudgrant:home", "111122223333 oidc.eks.us-west-2.amazonaws.com/id/OTHER"),
        ("Cloudgrant:Stack", "other"),
    ] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        tagged(&world, &[(key, value)], &[]).await;
        let theirs = async || {
            let role = world.iam().get_role().role_name(ROLE).send().await.expect("theirs").role.expect("a role");
            let mut tags: Vec<_> = role.tags().iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
            tags.sort();
            (role.role_id, role.assume_role_policy_document, tags, world.attached(ROLE).await)
        };
        let before = theirs().await;
        let error = refused(world.plan(&text).await);
        let all = said(&error);
        assert!(
            error.kind() == ErrorKind::Conflict && all.contains("grant prod") && !all.contains("grant dev"),
            "{all}"
        );
        assert!(all.contains(value) && all.contains("aws iam tag-role"), "{all}");
        assert!(refused(world.apply(&text).await).kind() == ErrorKind::Conflict);
        revoke(&world, &text, &["dev"]).await;
        // A manifest that doesn't want it any more, one that takes its grants away, and everything.
        assert!(world.apply(&none).await.expect("applied").is_success());
        revoke(&world, &text, &["prod", "also"]).await;
        let session = world.session(&text).await.expect("a session");
        let plan = session.engine_without(None).expect("an engine").plan(&Silent).await.expect("a plan");
        let told: Vec<_> = plan.notes.iter().filter(|note| note.message.contains(value)).collect();
        assert!(told.len() == 1 && told[0].message.ends_with("it is left as it is"), "{:#?}", plan.notes);
        assert!(world.revoke_all(&text).await.expect("revoked").is_success());
        assert_eq!(theirs().await, before, "{key}");
    }
}

/// Whose path and whose tags differ is in no run's list, and must not be forgotten for that.
#[tokio::test]
async fn stacks_tell_of_roles_whose_path_and_tags_say_different_things() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let stacks = async || {
        let session = world.session(&text).await.expect("a session");
        session.provider().stacks().await.expect("stacks")
    };
    let before = stacks().await;
    assert!(before.unsearched.is_empty() && before.found.len() == 1, "{before:#?}");
    let id = ObjectId::new("iam-role", ROLE);
    assert!(before.found[0].objects.contains(&id), "{before:#?}");
    // Without tags, it is whose its path says.
    let all = ["cloudgrant:stack", "cloudgrant:home", "cloudgrant:scope"];
    tagged(&world, &[("x", "y")], &all).await;
    assert_eq!(stacks().await, before);
    for (key, value) in [("cloudgrant:stack", "other"), ("cloudgrant:home", "444455556666")] {
        tagged(&world, &[(key, value)], &all).await;
        let now = stacks().await;
        let [told] = now.unsearched.as_slice() else { panic!("{key}: {now:#?}") };
        assert!(told.place.ends_with(ROLE) && told.reason.contains(value), "{key}: {told:?}");
        assert!(told.reason.contains("stack tests") && told.reason.contains("aws iam tag-role"), "{key}: {told:?}");
        let [only] = now.found.as_slice() else { panic!("{key}: {now:#?}") };
        assert!(!only.objects.contains(&id) && only.objects.len() + 1 == before.found[0].objects.len(), "{only:#?}");
    }
    tagged(&world, &[(all[0], "tests"), (all[1], "111122223333")], &[]).await;
    assert_eq!(stacks().await, before);
    let tag = Tag::builder().key("cloudgrant:stack").value("tests").build().expect("a tag");
    let made = world.iam().create_role().role_name("theirs").path("/team/").assume_role_policy_document(TRUST);
    made.tags(tag).send().await.expect("theirs");
    let now = stacks().await;
    let [told] = now.unsearched.as_slice() else { panic!("{now:#?}") };
    assert!(told.place.ends_with("role/team/theirs") && told.reason.contains("stack `tests`"), "{told:?}");
    assert_eq!(now.found, before.found);
    let none = manifest("");
    assert!(world.apply(&none).await.expect("applied").is_success());
    assert!(world.iam().get_role().role_name("theirs").send().await.is_ok(), "no run takes it for its own");
}

/// Below the stack's path anybody can make something: its names tell what it made itself.
#[tokio::test]
async fn a_role_below_the_path_that_is_not_called_as_ours_is_left_and_in_no_stack_s_list() {
    const THEIRS: &str = "batch-jobs";
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let iam = world.iam();
    let make = iam.create_role().role_name(THEIRS).path("/cloudgrant/tests/").assume_role_policy_document(TRUST);
    make.send().await.expect("theirs");
    let make = iam.create_policy().policy_name(THEIRS).path("/cloudgrant/tests/");
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    make.policy_document(document).send().await.expect("theirs");
    iam.attach_role_policy().role_name(THEIRS).policy_arn(policy_arn(THEIRS)).send().await.expect("attached");
    let stacks = async || {
        let session = world.session(&text).await.expect("a session");
        session.provider().stacks().await.expect("stacks").found
    };
    let found = stacks().await;
    assert!(found.len() == 1 && found[0].objects.iter().all(|id| !id.name.contains(THEIRS)), "{found:#?}");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    assert_eq!(told(&plan, &format!("iam-role {THEIRS}")).len(), 1, "{:#?}", plan.notes);
    assert!(world.apply(&manifest("")).await.expect("applied").is_success());
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_eq!(world.attached(THEIRS).await, [THEIRS]);
    assert!(stacks().await.is_empty(), "what is theirs makes no stack");
}

/// Whoever replaced its tags took away what says that the stack gave it the task policy.
#[tokio::test]
async fn a_role_of_ours_that_lost_its_tags_is_told_with_the_way_back() {
    let text = manifest(GRANTS);
    for names in [Some(["prod".to_owned(), "also".to_owned()]), None] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        let all = ["cloudgrant:stack", "cloudgrant:home", "cloudgrant:scope", "cloudgrant:task-policy"];
        tagged(&world, &[("x", "y")], &all).await;
        let session = world.session(&text).await.expect("a session");
        let engine = session.engine_without(names.as_ref().map(|names| names.as_slice())).expect("an engine");
        let plan = engine.plan(&Silent).await.expect("a plan");
        let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
        let command = "aws iam tag-role --role-name cloudgrant_tests_production --tags Key=cloudgrant:stack,Value=tests \
                       Key=cloudgrant:home,Value=111122223333 \
                       Key=cloudgrant:task-policy,Value=arn:aws:iam::111122223333:policy/userflyterole";
        for part in ["somebody has replaced its tags", command] {
            assert!(stays.object.name == ROLE && stays.reason.contains(part), "{part} in {stays:#?}");
        }
        assert!(!stays.reason.contains("did not give"), "{stays:#?}");
        let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
        assert!(report.expect("applied").is_success());
        assert_eq!(world.attached(ROLE).await, ["userflyterole"]);
        // As that command does it.
        let policy = "arn:aws:iam::111122223333:policy/userflyterole";
        let back = [(all[0], "tests"), (all[1], "111122223333"), (all[3], policy)];
        tagged(&world, &back, &[]).await;
        assert!(world.revoke_all(&text).await.expect("revoked").is_success());
        assert!(world.iam().get_role().role_name(ROLE).send().await.is_err());
    }
}

/// Its path says that it is the stack's: tags are only what people read.
#[tokio::test]
async fn a_role_of_ours_without_its_tags_is_in_nobody_s_way() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (iam, tags) = (world.iam(), ["cloudgrant:stack", "cloudgrant:home", "cloudgrant:scope"]);
    let keys = tags.map(str::to_owned).to_vec();
    iam.untag_role().role_name(ROLE).set_tag_keys(Some(keys)).send().await.expect("untagged");
    let tag = Tag::builder().key("x").value("y").build().expect("a tag");
    iam.tag_role().role_name(ROLE).tags(tag).send().await.expect("tagged");
    let plan = revoke(&world, &text, &["dev"]).await;
    assert!(plan.changes.iter().all(|change| !change.id.name.contains("production")), "{:#?}", plan.changes);
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.changes.iter().any(|change| change.id.to_string() == format!("iam-role {ROLE}")), "{plan:#?}");
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert!(iam.get_role().role_name(ROLE).send().await.is_err());
}

const PENDING: &str =
    "  - { name: pending, scope: { project: vision, domain: production }, access: { token: read } }\nregistries:";

/// What the manifest newly names, a knob of the sandbox's, and what is said of it; without both, the cluster's issuer goes.
const MISSING: [(&str, &str, &str); 5] = [
    ("", "", "OpenID Connect provider can't be trusted"),
    ("  permissions_boundary: 'arn:aws:iam::111122223333:policy/gone'\n", "", "permissions boundary `arn:aws"),
    ("  task_policy: gone\n", "", "the policy that every task needs, `gone`, isn't there"),
    ("", "quota.AssumeRolePolicySizeQuota=100", "characters in the trust policy of role"),
    ("", "deny=iam:GetOpenIDConnectProvider", "missing permission: iam:GetOpenIDConnectProvider"),
];

/// The issuer of the cluster, or whatever else the stack's roles need.
#[tokio::test]
async fn what_is_missing_for_roles_is_in_the_way_of_no_revoke() {
    for (keys, knobs, said_of_it) in MISSING {
        let applied = manifest(GRANTS);
        let mut world = World::new(&applied).await;
        world.converge(&applied).await;
        let text = manifest(&GRANTS.replace("registries:", PENDING));
        let text = text.replace("  region: us-west-2\n", &format!("  region: us-west-2\n{keys}"));
        if !knobs.is_empty() {
            world.restart(&applied, knobs).await;
        } else if keys.is_empty() {
            let arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
            let delete = world.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(arn);
            delete.send().await.expect("deleted");
        }
        let all = said(&refused(world.plan(&text).await));
        assert!(all.contains(said_of_it), "{said_of_it}: {all}");
        if knobs.is_empty() {
            // Once, for all roles.
            assert_eq!(all.matches(said_of_it).count(), 1, "{all}");
            let concerned =
                if keys.is_empty() { "grant pending" } else { "grant also, grant dev, grant pending and 1 more" };
            assert!(all.contains(&format!("for: {concerned}")), "{all}");
            // Without `pending`, nothing is made for which it is missing.
            let edited = manifest(&GRANTS.replace("token: read", "data: read"));
            assert!(!keys.is_empty() || world.plan(&edited).await.is_ok_and(|plan| !plan.is_empty()), "{said_of_it}");
        }
        let trusted = world.trust(ROLE).await;
        for grant in ["dev", "also", "all", "pending"] {
            let plan = revoke(&world, &text, &[grant]).await;
            let taken = plan.work().all(|change| matches!(change.action, Action::Update | Action::Delete));
            // No role is to have the former task policy by now: whose it was, nobody can tell.
            let is_former =
                |stays: &Stays| keys.contains("task_policy") && stays.object.name.ends_with("/userflyterole");
            let nothing_stays = plan.stays.iter().all(is_former);
            assert!(taken && nothing_stays && is_planned(&plan), "{said_of_it}, {grant}: {plan:#?}");
            assert_eq!(plan.is_empty(), grant == "pending", "{said_of_it}, {grant}: {:#?}", plan.changes);
        }
        // What stays is as it was; of what it shared with others, their part is gone.
        assert_eq!(world.trust(ROLE).await, trusted, "{said_of_it}");
        assert_eq!(world.attached(ROLE).await, [ROLE, "userflyterole"], "{said_of_it}");
        let document = world.document(ROLE).await.to_string();
        assert!(document.contains("acme-models") && !document.contains("token"), "{said_of_it}: {document}");
        let ours = world.iam().list_roles().path_prefix("/cloudgrant/").send().await.expect("roles");
        assert_eq!(ours.roles().iter().map(|role| role.role_name()).collect::<Vec<_>>(), [ROLE], "{said_of_it}");
        let plan = revoke(&world, &text, &["prod", "also", "pending"]).await;
        assert!(!plan.is_empty() && is_planned(&plan), "{plan:#?}");
        assert!(world.iam().get_role().role_name(ROLE).send().await.is_err(), "{said_of_it}");
    }
}

/// A role of others, and what needs it.
const ROLES: [(&str, &str); 2] =
    [("acme-userflyterole", "grant all, grant more"), ("unionai-acme-flyteworker-node-group", "registry theirs")];

/// Somebody deletes a role.
pub(crate) async fn deleted(world: &World, role: &str) {
    let iam = world.iam();
    let attached = iam.list_attached_role_policies().role_name(role).send().await.expect("policies");
    for policy in attached.attached_policies() {
        let arn = policy.policy_arn().expect("an ARN");
        iam.detach_role_policy().role_name(role).policy_arn(arn).send().await.expect("detached");
    }
    iam.delete_role().role_name(role).send().await.expect("deleted");
}

/// The statements in the repository's policy.
async fn elsewhere(world: &World) -> String {
    let policy = world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
    policy.ok().and_then(|policy| policy.policy_text).unwrap_or_default()
}

#[tokio::test]
async fn a_role_of_others_that_is_not_there_is_in_the_way_of_no_revoke() {
    let text = manifest(&GRANTS.replace("registries:", MORE));
    for (role, concerned) in ROLES {
        let world = World::new(&text).await;
        world.converge(&text).await;
        deleted(&world, role).await;
        let error = refused(world.plan(&text).await);
        let all = said(&error);
        assert!(error.kind() == ErrorKind::NotFound && all.contains(&format!("`{role}`, isn't there")), "{all}");
        assert!(all.contains(&format!("for: {concerned}")) && all.matches("isn't there").count() == 1, "{all}");
        assert!(said(&refused(world.apply(&text).await)).contains("isn't there"), "{role}");
        let session = world.session(&text).await.expect("a session");
        let looked = session.engine().only_looking().plan(&Silent).await.expect("a look");
        assert!(looked.refusal.is_some_and(|refusal| refusal.error().message().contains(role)), "{role}");
        let trusted = world.trust(ROLE).await;
        for other in ["dev", "also"] {
            let plan = revoke(&world, &text, &[other]).await;
            assert!(!plan.is_empty() && is_planned(&plan), "{role}, {other}: {plan:#?}");
            // Its task code would be left to the role that is gone, and lose what the others give it.
            let kept: Vec<_> = plan.stays.iter().map(|stays| stays.object.name.as_str()).collect();
            let is_left = role == ROLES[0].0 && other == "dev";
            assert_eq!(kept, if is_left { vec!["cloudgrant_tests_development"] } else { vec![] }, "{role}: {plan:#?}");
            let is_of_others = |name: &str| name.starts_with("cloudgrant_tests_global") || name.contains(role);
            assert!(plan.work().all(|change| !is_of_others(&change.id.name)), "{role}, {other}: {plan:#?}");
        }
        assert_eq!(world.trust(ROLE).await, trusted, "{role}");
        // What names another role stays; AWS takes nothing that names none but deleted ones.
        let left = elsewhere(&world).await;
        assert!(left.contains("MoreElsewhere") && left.contains(ROLE), "{left}");
        assert_eq!(left.contains("tests_development"), role == ROLES[0].0, "{left}");
        // Its own: what of them is left goes, though the attachments went with the role.
        let plan = revoke(&world, &text, &["more"]).await;
        assert!(plan.stays.is_empty() && is_planned(&plan), "{role}: {plan:#?}");
        let document = world.document("cloudgrant_tests_global").await.to_string();
        assert!(document.contains("acme-data") && !document.contains("acme-models"), "{role}: {document}");
        let plan = revoke(&world, &text, &["all", "more", "theirs"]).await;
        assert!(!plan.is_empty() && plan.stays.is_empty(), "{role}: {plan:#?}");
        let left = elsewhere(&world).await;
        let is_left = ["MoreElsewhere", "AllowPull", role].iter().any(|part| left.contains(part));
        assert!(!is_left && left.contains("ProdElsewhere"), "{role}: {left}");
        let policies = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
        let is_global = |name: Option<&str>| name == Some("cloudgrant_tests_global");
        assert!(!policies.policies().iter().any(|policy| is_global(policy.policy_name())), "{role}: {policies:?}");
    }
}

/// Two global grants, one of which reaches the repository of another account.
const MORE: &str = "  - { name: more, scope: global, access: { models: read, elsewhere: pull } }\nregistries:";

#[tokio::test]
async fn a_task_role_that_is_protected_is_in_the_way_of_no_revoke() {
    let applied = manifest(&GRANTS.replace("registries:", MORE));
    let text = applied.replace("  home: account\n", "  home: account\n  protected: ['acme-user*']\n");
    let world = World::new(&applied).await;
    world.converge(&applied).await;
    let before = world.running().counts().total;
    for error in [refused(world.plan(&text).await), refused(world.apply(&text).await)] {
        assert!(error.kind() == ErrorKind::Manifest, "{error:?}");
        assert!(said(&error).contains("`acme-userflyterole` is protected (`acme-user*`)"), "{error:?}");
    }
    assert_eq!(world.running().counts().total, before, "refused before anything was called");
    let carried = world.attached("acme-userflyterole").await;
    for grant in ["dev", "also", "more"] {
        let plan = revoke(&world, &text, &[grant]).await;
        assert!(!plan.is_empty() && plan.stays.is_empty() && is_planned(&plan), "{grant}: {plan:#?}");
    }
    let document = world.document("cloudgrant_tests_global").await.to_string();
    assert!(document.contains("acme-data") && !document.contains("acme-models"), "{document}");
    let plan = revoke(&world, &text, &["more", "all"]).await;
    assert!(plan.stays.iter().any(|stays| stays.reason.contains("is protected")), "{:#?}", plan.stays);
    assert_eq!(world.attached("acme-userflyterole").await, carried);
}

/// Whether what the manifest says of the others could be told from what is revoked.
fn is_planned(plan: &Plan) -> bool {
    !told(plan, "manifest").iter().any(|message| message.contains("can't come true"))
}
