//! What is as the manifest says and gives nothing: `drift` tells it.

use aws_sdk_s3::types::ServerSideEncryption;
use cloudgrant_core::{Broken, Level, Note, Plan, Silent};

use crate::buckets::{create, drift, encrypt, key};
use crate::world::{Runs, World, manifest};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const NOBODYS: &str = "777788889999";
const GRANTS: &str = "grants: [{ name: mine, scope: global, access: { data: read, token: read } }]";

/// Of a plan with nothing to do; each is told once.
fn broken(plan: &Plan) -> &[Broken] {
    assert!(plan.is_empty(), "{plan:#?}");
    assert_eq!(plan.has_drift(), !plan.broken.is_empty(), "{plan:#?}");
    for one in &plan.broken {
        let is_about_it = |note: &&Note| note.level == Level::Warning && note.about == one.note.about;
        assert_eq!(plan.notes.iter().find(is_about_it), None, "{plan:#?}");
    }
    &plan.broken
}

#[track_caller]
fn only<'a>(plan: &'a Plan, about: &str, says: &[&str]) -> &'a Broken {
    let [one] = broken(plan) else { panic!("{plan:#?}") };
    assert_eq!(one.note.about, about);
    for part in says {
        assert!(one.note.message.contains(part), "{part} in {}", one.note.message);
    }
    one
}

fn names(one: &Broken) -> Vec<&str> {
    one.objects.iter().map(|object| object.name.as_str()).collect()
}

#[tokio::test]
async fn a_bucket_that_is_gone_or_somebody_else_s() {
    for level in ["read", "list"] {
        for now in [None, Some(NOBODYS), Some(OTHER)] {
            let text = manifest(&GRANTS.replace("data: read", &format!("data: {level}")));
            let world = World::new(&text).await;
            world.converge(&text).await;
            assert!(broken(&drift(&world, &text).await).is_empty());
            world.s3(OWN).delete_bucket().bucket("acme-data").send().await.expect("deleted");
            let says = match now {
                None => "create it in account 111122223333",
                Some(now) => {
                    create(&world.s3(now), "acme-data", "us-west-2").await;
                    "that one is kept out"
                }
            };
            let plan = drift(&world, &text).await;
            assert_eq!(names(only(&plan, "bucket acme-data", &[says])), ["cloudgrant_tests_global"]);
            // A plan takes the policy's word for it, and asks no bucket.
            let asked = || world.running().counts().by_action.get("s3:ListAllMyBuckets").copied().unwrap_or_default();
            let before = asked();
            assert!(broken(&world.plan(&text).await.expect("a plan")).is_empty());
            assert_eq!(asked(), before);
            if now.is_none() {
                create(&world.s3(OWN), "acme-data", "us-west-2").await;
                assert!(broken(&drift(&world, &text).await).is_empty());
            }
        }
    }
}

/// As `drift` looks.
async fn looked(world: &World, text: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    session.provider().look_again();
    session.engine().only_looking().plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"))
}

/// What nobody may look at may be gone: that there is no drift is nothing that anybody can say.
#[tokio::test]
async fn what_can_not_be_looked_at_is_told_as_not_searched() {
    let issuer = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
    let text = manifest(
        "registries: [{ name: own, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/own }]
grants:
- { name: mine, scope: global, access: { data: read, token: read, images: pull } }
- { name: narrow, scope: { domain: production }, access: { data: list } }",
    );
    for (denied, expected) in [
        ("iam:GetOpenIDConnectProvider", vec!["the cluster's OpenID Connect provider"]),
        ("secretsmanager:DescribeSecret", vec!["secret token-AbCdEf"]),
        ("s3:ListAllMyBuckets,deny=s3:GetEncryptionConfiguration", vec!["bucket acme-data"]),
        ("s3:GetEncryptionConfiguration", vec!["bucket acme-data"]),
        (
            "ecr:DescribeRepositories",
            vec![
                "registry own",
                "repositories of account 111122223333",
                "repositories of account 444455556666 in us-west-2",
            ],
        ),
    ] {
        let mut world = World::new(&text).await;
        world.converge(&text).await;
        let before = looked(&world, &text).await;
        assert!(!before.has_drift() && before.unsearched.is_empty(), "{before:#?}");
        match denied.split(':').next() {
            Some("iam") => {
                let delete = world.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(issuer);
                _ = delete.send().await.expect("deleted");
            }
            Some("secretsmanager") => {
                let delete = world.secrets().delete_secret().secret_id("token").force_delete_without_recovery(true);
                _ = delete.send().await.expect("deleted");
            }
            Some("s3") if denied.contains("List") => {
                _ = world.s3(OWN).delete_bucket().bucket("acme-data").send().await.expect("deleted");
            }
            _ => {}
        }
        world.restart(&text, &format!("deny={denied}")).await;
        let plan = looked(&world, &text).await;
        let places: Vec<_> = plan.unsearched.iter().map(|one| one.place.as_str()).collect();
        assert!(places == expected && plan.is_empty() && plan.has_drift(), "{denied}: {plan:#?}");
        let first = denied.split(',').next().unwrap_or_default();
        // In the accounts of others, it is the stack's own statements that are looked for there.
        let is_marks = |place: &str| place.contains(OTHER);
        for one in &plan.unsearched {
            assert!(one.reason.contains(first), "{denied}: {one:#?}");
            assert!(plan.notes.iter().all(|note| note.message != one.reason), "told once: {plan:#?}");
        }
        // A plan goes on as before.
        let plan = world.plan(&text).await.expect("a plan");
        assert!(plan.is_empty() && plan.unsearched.iter().all(|one| is_marks(&one.place)), "{denied}: {plan:#?}");
    }
}

/// Nothing of it is granted yet: it is said beside what is to do.
#[tokio::test]
async fn what_is_not_granted_yet_is_a_note() {
    let text = manifest(GRANTS).replace("acme-data/", "acme-later/");
    let world = World::new(&manifest("")).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(!plan.is_empty() && plan.broken.is_empty(), "{plan:#?}");
    assert!(plan.notes.iter().any(|note| note.about == "bucket acme-later"), "{plan:#?}");
}

#[tokio::test]
async fn a_repository_of_the_own_account_that_is_gone() {
    let text = manifest(
        "registries: [{ name: own, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/own }]
grants: [{ name: pulls, scope: global, access: { images: pull, models: read } }]",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let delete = async |name: &str| {
        world.ecr(OWN).delete_repository().repository_name(name).force(true).send().await.expect("deleted");
    };
    delete("team/images").await;
    for plan in [drift(&world, &text).await, world.plan(&text).await.expect("a plan")] {
        let one = only(&plan, "repository team/images", &["there is no repository team/images", "create-repository"]);
        assert_eq!(names(one), ["cloudgrant_tests_global"]);
    }
    // Whoever revokes the grant asks for nothing of it.
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(Some(&["pulls".to_owned()])).expect("it is listed");
    let plan = engine.plan(&cloudgrant_core::Silent).await.expect("a plan");
    assert!(plan.broken.is_empty(), "{:#?}", plan.broken);
    // The nodes need nothing of the stack's for it.
    delete("team/own").await;
    let plan = drift(&world, &text).await;
    let told: Vec<_> = broken(&plan).iter().map(|one| (one.note.about.as_str(), one.objects.len())).collect();
    assert_eq!(told, [("registry own", 0), ("repository team/images", 1)]);
}

#[tokio::test]
async fn a_key_that_can_not_be_used() {
    let text = manifest(GRANTS).replace("secret:token-AbCdEf", "secret:locked");
    for (account, alias) in [(OWN, None), (OWN, Some("alias/mine")), (OTHER, None)] {
        let mut world = World::new(&manifest("")).await;
        let (kms, key) = (world.kms(account), key(&world, account).await);
        if let Some(alias) = alias {
            kms.create_alias().alias_name(alias).target_key_id(&key).send().await.expect("made");
        }
        let id = key.rsplit('/').next().expect("an id").to_owned();
        let about = format!("key {}", alias.unwrap_or(&id));
        encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(alias.unwrap_or(&key))).await;
        let secret = world.secrets().create_secret().name("locked").secret_string("x");
        secret.kms_key_id(alias.unwrap_or(&key)).send().await.expect("made");
        world.converge(&text).await;
        assert!(broken(&drift(&world, &text).await).is_empty());
        kms.disable_key().key_id(&key).send().await.expect("disabled");
        let command = format!("aws kms enable-key --region us-west-2 --key-id {key}");
        let says = ["it encrypts acme-data, locked, and it is disabled", &command];
        assert_eq!(names(only(&drift(&world, &text).await, &about, &says)), ["cloudgrant_tests_global"]);
        let asked = |world: &World| world.running().counts().by_action.get("kms:DescribeKey").copied();
        let before = asked(&world);
        assert!(broken(&world.plan(&text).await.expect("a plan")).is_empty());
        assert_eq!(asked(&world), before, "a plan asks no key");
        kms.schedule_key_deletion().key_id(&key).send().await.expect("scheduled");
        let says = [
            "is scheduled for deletion on 20",
            &format!("aws kms cancel-key-deletion --region us-west-2 --key-id {key}"),
        ];
        only(&drift(&world, &text).await, &about, &says);
        let refused = kms.enable_key().key_id(&key).send().await.expect_err("it is to be deleted");
        assert!(format!("{refused:?}").contains("is pending deletion"), "{refused:?}");
        kms.cancel_key_deletion().key_id(&key).send().await.expect("cancelled");
        kms.enable_key().key_id(&key).send().await.expect("enabled");
        assert!(broken(&drift(&world, &text).await).is_empty());
        // Who may not ask is told so, once.
        world.restart(&text, "deny=kms:DescribeKey").await;
        let looked = looked(&world, &text).await;
        let [one] = looked.unsearched.as_slice() else { panic!("{looked:#?}") };
        assert!(one.reason.contains("kms:DescribeKey is denied") && looked.has_drift(), "{looked:#?}");
        let plan = drift(&world, &text).await;
        assert!(broken(&plan).is_empty());
        let told: Vec<_> =
            plan.notes.iter().filter(|note| note.message.contains("kms:DescribeKey is denied")).collect();
        assert!(told.len() == 1 && told[0].message.contains(alias.unwrap_or(&id)), "{:#?}", plan.notes);
    }
}

#[tokio::test]
async fn a_key_that_is_gone() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    let key = "arn:aws:kms:us-west-2:111122223333:key/12345678-1234";
    encrypt(&world.s3(OWN), "acme-data", ServerSideEncryption::AwsKms, Some(key)).await;
    world.converge(&text).await;
    let plan = drift(&world, &text).await;
    only(&plan, "key 12345678-1234", &["it encrypts acme-data, and it isn't there", "put-bucket-encryption"]);
}
