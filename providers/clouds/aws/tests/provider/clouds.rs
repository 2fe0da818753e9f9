//! AWS's separate clouds: what is of one partition is refused in another, and each plays in the sandbox.

use cloudgrant_sandbox_kit::Start;

use crate::world::{Runs, World, manifest, refused, said};

/// A region, its partition, and the end of its hosts.
const CLOUDS: [(&str, &str, &str); 8] = [
    ("us-west-2", "aws", "amazonaws.com"),
    ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
    ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
    ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
    ("eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"),
];

const TAIL: &str = "
grants:
  - { name: all, scope: global, access: { data: read, images: pull } }
  - { name: mine, scope: { domain: production }, access: { data: read-write, token: read, elsewhere: pull } }
registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]
";

fn in_cloud(text: &str, (region, id, suffix): (&str, &str, &str)) -> String {
    text.replace("amazonaws.com", suffix).replace("us-west-2", region).replace("arn:aws:", &format!("arn:{id}:"))
}

#[tokio::test]
async fn the_sandbox_plays_every_partition() {
    for cloud in CLOUDS {
        let text = in_cloud(&manifest(TAIL), cloud);
        let world = World::new(&text).await;
        let before = world.everything();
        world.converge(&text).await;
        let plan = world.plan(&text).await.expect("a plan");
        assert!(plan.is_empty(), "{cloud:?}: {:#?}", plan.changes);
        let everything = serde_json::to_string(&world.everything()).expect("JSON");
        let (_, id, _) = cloud;
        assert!(everything.contains(&format!("arn:{id}:s3:::acme-data/inputs/*")), "{cloud:?}");
        for (_, other, _) in CLOUDS.iter().filter(|(_, other, _)| *other != id) {
            assert!(!everything.contains(&format!("arn:{other}:")), "{cloud:?} has an ARN of {other}");
        }
        assert_ne!(before, world.everything());
    }
}

#[tokio::test]
async fn a_folder_holds_one_partition() {
    let folder = tempfile::tempdir().expect("a folder");
    let start = |region: &str| {
        let config = serde_json::json!({"platform": {"organization": "acme"}, "aws": {"region": region}});
        cloudgrant_aws_sandbox::start(Start::new(folder.path()).config(config))
    };
    start("us-gov-west-1").await.expect("it starts").stop().await;
    let refusal = start("us-west-2").await.expect_err("another partition").to_string();
    assert!(refusal.contains("aws-us-gov") && refusal.contains("`--sandbox=DIR`"), "{refusal}");
    start("us-gov-east-1").await.expect("another region of the same").stop().await;
}

#[tokio::test]
async fn what_is_of_another_partition_is_refused_with_both_named() {
    let tail = "grants: [{ name: data, scope: global, access: { data: read, images: pull } }]";
    let text = manifest(tail);
    let world = World::new(&text).await;
    let (bucket, images) = ("s3://acme-data/inputs/", "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/images");
    let role = "arn:aws:iam::444455556666:role/registry-admin";
    for (old, new, other) in [
        (bucket, "arn:aws-us-gov:s3:::acme-gov/in/*", "aws-us-gov"),
        (images, "arn:aws-cn:ecr:us-west-2:111122223333:repository/team/x", "aws-cn"),
        (images, "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/team/y", "aws-cn"),
        (images, "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com/team/y", "aws-us-gov"),
        (role, "arn:aws-us-gov:iam::444455556666:role/registry-admin", "aws-us-gov"),
        ("  region:", "  task_policy: arn:aws-cn:iam::111122223333:policy/x\n  region:", "aws-cn"),
    ] {
        let error = refused(world.plan(&text.replace(old, new)).await);
        assert!(error.kind().is_usage(), "{new}: {}", said(&error));
        assert!(said(&error).contains(&format!("partition {other}")), "{new}: {}", said(&error));
        assert!(said(&error).contains("partition aws") || said(&error).contains("region of aws"), "{}", said(&error));
        assert!(error.problems()[0].place.is_some(), "{new}: {}", said(&error));
    }
    let host = text.replace(images, "111122223333.dkr.ecr.us-west-2.amazonaws.com.cn/team/y");
    let error = refused(world.plan(&host).await);
    assert!(
        said(&error).contains("ends in amazonaws.com.cn, and us-west-2 is a region of the partition aws"),
        "{}",
        said(&error)
    );
    let registries =
        "registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-gov-west-1.amazonaws.com/team/theirs }]";
    let error = refused(world.plan(&manifest(registries)).await);
    assert!(error.kind().is_usage() && said(&error).contains("registries.theirs.aws"), "{}", said(&error));
    assert_eq!(world.running().counts().total, 0);
}

#[tokio::test]
async fn a_region_of_no_known_partition_is_refused() {
    let text = manifest("grants: [{ name: data, scope: global, access: { models: read } }]");
    let world = World::new(&text).await;
    for region in ["moon-base-1", "us-isoz-east-1", "west"] {
        let error = refused(world.plan(&text.replace("region: us-west-2", &format!("region: {region}"))).await);
        assert!(said(&error).contains(&format!("`{region}` is a region of no partition")), "{}", said(&error));
    }
}

#[tokio::test]
async fn characters_that_iam_does_not_take_are_refused_with_their_place() {
    let tail = "grants: [{ name: data, scope: global, access: { data: read } }]";
    let text = manifest(tail);
    let world = World::new(&text).await;
    for (prefix, named) in [
        ("docdb\u{2011}shards/", "character 21 of `s3://acme-data/docdb\u{2011}shards/` is `\u{2011}` (U+2011)"),
        ("\u{8a13}\u{7df4}/", "U+8A13"),
        ("a/\u{1f600}/", "U+1F600"),
    ] {
        let error =
            refused(world.plan(&text.replace("s3://acme-data/inputs/", &format!("s3://acme-data/{prefix}"))).await);
        assert!(error.kind().is_usage() && said(&error).contains(named), "{}", said(&error));
        assert!(error.problems()[0].place.is_some(), "{}", said(&error));
    }
    let latin = text.replace("s3://acme-data/inputs/", "s3://acme-data/caf\u{e9}/");
    world.converge(&latin).await;
}
