//! What is somebody else's stays as it is.

use cloudgrant_core::{Approval, Cancel, ErrorKind, Level, Plan, Settings, Silent};

use crate::world::{Runs, World, assert_same, manifest, policy_arn, refused, said};

const GRANTS: &str = "
grants:
  - { name: a, scope: global, access: { data: read } }
  - { name: b, scope: { domain: production }, access: { models: read, token: read, elsewhere: pull } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/elsewhere }]
";

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

#[tokio::test]
async fn revoking_everything_leaves_the_world_as_it_was() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.plan(&text).await.expect("a plan");
    let before = world.everything();
    world.converge(&text).await;
    assert!(before != world.everything());
    let report = world.revoke_all(&text).await.expect("revoked");
    assert!(report.is_success(), "{report:#?}");
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn a_role_of_our_name_elsewhere_is_a_conflict() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let name = "cloudgrant_tests_production";
    world.iam().create_role().role_name(name).assume_role_policy_document(TRUST).send().await.expect("somebody's role");
    let before = world.everything();
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains(name), "{}", said(&error));
    assert_same(&before, &world.everything());
}

#[tokio::test]
async fn what_others_attached_to_our_role_is_drift_and_kept() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let role = "cloudgrant_tests_production";
    let theirs = "arn:aws:iam::aws:policy/AdministratorAccess";
    world.iam().attach_role_policy().role_name(role).policy_arn(theirs).send().await.expect("attached");
    world.iam().tag_role().role_name(role).tags(tag("team", "ml")).send().await.expect("tagged");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert_eq!(widening.object.to_string(), format!("iam-role {role}"));
    assert_eq!(widening.what, "has the policy AdministratorAccess, which this stack did not give it");
    assert_eq!(widening.remedy, format!("aws iam detach-role-policy --role-name {role} --policy-arn {theirs}"));
    assert!(plan.has_drift());
}

/// Many organizations tag whatever is there. A policy elsewhere may let in whoever has a tag, which nobody can tell.
#[tokio::test]
async fn tags_that_others_added_to_our_roles_are_told_and_are_no_drift() {
    let text = manifest(GRANTS).replace("  region: us-west-2\n", "  region: us-west-2\n  tags: { cost: '1' }\n");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let look = async || {
        let session = world.session(&text).await.expect("a session");
        session.provider().look_again();
        session.engine().only_looking().plan(&Silent).await.expect("a look")
    };
    let told = |plan: &Plan| plan.notes.iter().find(|note| note.about == "tags of roles").cloned();
    assert_eq!(told(&look().await), None);
    world
        .iam()
        .tag_role()
        .role_name("cloudgrant_tests_production")
        .tags(tag("team", "admin"))
        .send()
        .await
        .expect("tagged");
    let plan = look().await;
    assert!(plan.is_empty() && !plan.has_drift(), "{plan:#?}");
    let note = told(&plan).unwrap_or_else(|| panic!("{:#?}", plan.notes));
    assert!(
        note.level == Level::Warning && note.message.contains("team (role cloudgrant_tests_production)"),
        "{note:?}"
    );
    assert_eq!(told(&world.plan(&text).await.expect("a plan")), None, "a plan says what it changes");
}

#[tokio::test]
async fn whatever_widens_what_is_ours_is_drift_and_a_denial_is_not() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (iam, role) = (world.iam(), "cloudgrant_tests_production");
    let document = |effect: &str| {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"{effect}","Action":"*","Resource":"*"}}}}"#)
    };
    for (name, effect) in [("admin", "Allow"), ("quarantine", "Deny")] {
        let request = iam.put_role_policy().role_name(role).policy_name(name).policy_document(document(effect));
        request.send().await.expect("an inline policy");
    }
    let listed = iam.list_attached_role_policies().role_name(role).send().await.expect("policies");
    let ours = listed
        .attached_policies()
        .iter()
        .filter_map(|policy| policy.policy_arn())
        .find(|arn| arn.contains(":policy/cloudgrant/"));
    let ours = ours.expect("a policy of ours").to_owned();
    let theirs = iam.create_role().role_name("theirs").assume_role_policy_document(TRUST).send().await;
    theirs.expect("a role");
    iam.attach_role_policy().role_name("theirs").policy_arn(&ours).send().await.expect("attached");
    let plan = world.plan(&text).await.expect("a plan");
    let told: Vec<_> = plan.widened.iter().map(|widening| format!("{} {}", widening.object, widening.what)).collect();
    let policy = ours.rsplit('/').next().unwrap_or_default();
    assert_eq!(
        told,
        [
            format!("iam-policy {policy} is attached to role theirs, which this stack did not do"),
            format!("iam-role {role} has the inline policy admin, which this stack did not give it"),
        ]
    );
    let denies = plan.notes.iter().filter(|note| note.message.contains("quarantine"));
    assert_eq!(denies.map(|note| note.level).collect::<Vec<_>>(), [Level::Info]);
}

/// Somebody else's addition to what the stack made, in the way of its deletion.
async fn add(world: &World, addition: &str) {
    let (iam, role) = (world.iam(), "cloudgrant_tests_production");
    match addition {
        "the inline policy theirs" => {
            let request = iam.put_role_policy().role_name(role).policy_name("theirs").policy_document(
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#,
            );
            request.send().await.expect("an inline policy");
        }
        "the policy AmazonS3ReadOnlyAccess" => {
            let theirs = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
            iam.attach_role_policy().role_name(role).policy_arn(theirs).send().await.expect("attached");
        }
        to => {
            let (role, arn) = (to.strip_prefix("role ").expect("a role"), policy_arn("cloudgrant_tests_production"));
            iam.attach_role_policy().role_name(role).policy_arn(arn).send().await.expect("attached");
        }
    }
}

#[tokio::test]
async fn what_others_added_keeps_one_object_and_the_rest_goes() {
    let text = manifest(GRANTS);
    for (addition, kind, command) in [
        ("the inline policy theirs", "iam-role", "aws iam delete-role-policy"),
        ("the policy AmazonS3ReadOnlyAccess", "iam-role", "aws iam detach-role-policy"),
        ("role unionai-acme-flyteworker-node-group", "iam-policy", "aws iam detach-role-policy"),
    ] {
        let world = World::new(&text).await;
        world.converge(&text).await;
        add(&world, addition).await;
        // One grant, everything, everything once more, and a manifest without grants: the same one stays.
        let b = ["b".to_owned()];
        for names in [Some(&b[..]), None, None] {
            let session = world.session_with(&text, Settings::default()).await.expect("a session");
            let engine = session.engine_without(names).expect("an engine");
            let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{addition}: {error:?}"));
            assert_told(&plan, addition, kind, command);
            let approved = plan.approve(Approval::InAdvance);
            let report = engine.apply(approved, &Silent, &Cancel::default()).await.expect("applied");
            assert!(report.is_success(), "{addition}: {report:#?}");
        }
        let plan = world.plan(&manifest("")).await.expect("a plan");
        assert!(plan.is_empty(), "{addition}: {:#?}", plan.changes);
        assert_told(&plan, addition, kind, command);
        let ours = world.iam().list_policies().path_prefix("/cloudgrant/").send().await.expect("policies");
        let ours: Vec<_> = ours.policies().iter().filter_map(|policy| policy.policy_name()).collect();
        let of_policy = kind == "iam-policy";
        let left: &[&str] = if of_policy { &["cloudgrant_tests_production"] } else { &[] };
        assert_eq!(ours, left, "{addition}");
        let role = world.iam().get_role().role_name("cloudgrant_tests_production").send().await;
        assert_eq!(role.is_err(), of_policy, "{addition}");
        let statements =
            world.ecr("444455556666").get_repository_policy().repository_name("team/elsewhere").send().await;
        let text_of = statements.ok().and_then(|policy| policy.policy_text).unwrap_or_default();
        assert!(!text_of.contains("Cloudgrant"), "{addition}: {text_of}");
        // Granted again, it is the stack's as before.
        world.converge(&text).await;
    }
}

#[track_caller]
fn assert_told(plan: &Plan, addition: &str, kind: &str, command: &str) {
    let [stays] = plan.stays.as_slice() else { panic!("{addition}: {:#?}", plan.stays) };
    assert_eq!(stays.object.to_string(), format!("{kind} cloudgrant_tests_production"), "{addition}");
    assert!(stays.reason.contains(addition) && stays.reason.contains(command), "{addition}: {}", stays.reason);
}

#[tokio::test]
async fn our_policy_on_somebody_elses_role_is_drift() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let arn = policy_arn("cloudgrant_tests_global");
    let role = "unionai-acme-flyteworker-node-group";
    world.iam().attach_role_policy().role_name(role).policy_arn(&arn).send().await.expect("attached");
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.has_drift(), "{:#?}", plan.changes);
    assert!(plan.widened.iter().any(|widening| widening.what.contains(role)), "{:#?}", plan.widened);
}

#[tokio::test]
async fn two_stacks_do_not_see_each_other() {
    let text = manifest(GRANTS);
    let other = text.replace("stack: tests", "stack: tests-too");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.converge(&other).await;
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    assert!(world.revoke_all(&text).await.expect("revoked").is_success());
    assert!(world.plan(&other).await.expect("a plan").is_empty());
}

/// A stack that gives the same to another domain is not the one from before, and of two that give all of it, nobody knows which is.
#[tokio::test]
async fn a_stack_that_was_renamed_is_told_by_what_each_role_gives() {
    let granting = |stack: &str, domain: &str| {
        let grant = format!("grants:\n- {{ name: it, scope: {{ domain: {domain} }}, access: {{ data: read }} }}");
        manifest(&grant).replace("stack: tests", &format!("stack: {stack}"))
    };
    let new = granting("new", "production");
    let world = World::new(&new).await;
    for (stack, domain, expected) in
        [("aaa", "development", &[][..]), ("old", "production", &["old"]), ("zzz", "production", &["old", "zzz"])]
    {
        world.converge(&granting(stack, domain)).await;
        let plan = world.plan(&new).await.expect("a plan");
        let said = |note: &cloudgrant_core::Note| {
            let (former, _) = note.message.strip_prefix("stack ")?.split_once(", at the same home, gives all")?;
            Some(former.to_owned())
        };
        assert_eq!(plan.notes.iter().filter_map(said).collect::<Vec<_>>(), expected, "{:#?}", plan.notes);
    }
}

fn tag(key: &str, value: &str) -> aws_sdk_iam::types::Tag {
    aws_sdk_iam::types::Tag::builder().key(key).value(value).build().expect("a tag")
}

/// No list of IAM's shows the tags of policies, so that only a look at the policy itself tells whose it is.
#[tokio::test]
async fn a_policy_below_our_path_whose_tag_names_another_home_is_never_deleted() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let below = world.iam().list_policies().path_prefix("/cloudgrant/tests/").send().await.expect("policies");
    let arn = below.policies()[0].arn().expect("an ARN").to_owned();
    let retag = async |home: &str| {
        let tagged = world.iam().tag_policy().policy_arn(&arn).tags(tag("cloudgrant:home", home)).send().await;
        tagged.expect("tagged");
    };
    let is_there = async || world.iam().get_policy().policy_arn(&arn).send().await.is_ok();
    let there = world.iam().get_policy().policy_arn(&arn).send().await.expect("a policy").policy.expect("a policy");
    let ours = there.tags().iter().find(|tag| tag.key() == "cloudgrant:home").expect("a home").value().to_owned();
    retag("999999999999 https://oidc.example.com/other").await;
    let nothing = manifest("grants: []\n");
    for report in [world.apply(&nothing).await.expect("a report"), world.revoke_all(&text).await.expect("a report")] {
        assert!(!report.is_success() && is_there().await, "{report:#?}");
        let told = format!("{report:?}");
        assert!(told.contains("names home 999999999999"), "{told}");
    }
    retag(&ours).await;
    let report = world.revoke_all(&text).await.expect("a report");
    assert!(report.is_success() && !is_there().await, "{report:#?}");
}
