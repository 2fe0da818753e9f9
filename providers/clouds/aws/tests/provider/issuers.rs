//! OpenID Connect providers: requirements 17 and 18, as clusters really have them.

use cloudgrant_core::{Broken, ErrorKind, Silent};
use serde_json::json;

use crate::world::{Runs, World, manifest, refused, said};

const GRANTS: &str = "grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]";
const WRITTEN: &str = "oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
const ROLE: &str = "cloudgrant_tests_production";

fn with(cluster: &str) -> String {
    manifest(GRANTS).replace(WRITTEN, cluster)
}

fn statement(issuer: &str, audience: &str) -> serde_json::Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": [format!("arn:aws:iam::111122223333:oidc-provider/{issuer}")]},
        "Action": ["sts:AssumeRoleWithWebIdentity"],
        "Condition": {"StringEquals": {
            format!("{issuer}:aud"): [audience],
            format!("{issuer}:sub"): [
                "system:serviceaccount:forecasting-production:default",
                "system:serviceaccount:vision-production:default",
            ],
        }},
    })
}

#[tokio::test]
async fn an_issuer_keeps_the_slash_at_its_end() {
    let text = with("oidc_provider: https://oidc.example.com/clusters/blue/");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let expected = statement("oidc.example.com/clusters/blue/", "sts.amazonaws.com");
    assert_eq!(world.trust(ROLE).await["Statement"], json!([expected]));
}

#[tokio::test]
async fn the_other_spelling_of_an_issuer_is_named() {
    for (there, written) in
        [("oidc.example.com/b/", "oidc.example.com/b"), ("oidc.example.com/b", "oidc.example.com/b/")]
    {
        let world = World::new(&with(&format!("oidc_provider: {there}"))).await;
        let error = refused(world.plan(&with(&format!("oidc_provider: {written}"))).await);
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(said(&error).contains(&format!("as {there}; to IAM that is another issuer")), "{}", said(&error));
    }
}

/// IAM takes neither, and of what is empty nobody can tell whether somebody forgot it.
#[tokio::test]
async fn an_audience_that_iam_does_not_take_is_refused() {
    let world = World::new(&with("oidc_provider: oidc.example.com")).await;
    for audience in ["''", "'a b'", "\"a\\tb\""] {
        let text = with(&format!("oidc_provider: oidc.example.com, audience: {audience}"));
        let error = refused(world.plan(&text).await);
        assert!(error.kind().is_usage(), "{audience}: {error:?}");
        assert!(
            said(&error).contains("is not an audience") && said(&error).contains("aws.cluster"),
            "{}",
            said(&error)
        );
    }
}

#[tokio::test]
async fn the_tokens_audience_is_a_key() {
    let text = with("oidc_provider: oidc.example.com, audience: amazonaws.com");
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(world.trust(ROLE).await["Statement"], json!([statement("oidc.example.com", "amazonaws.com")]));
    // The provider is there and lacks the audience: creating it once more would end in EntityAlreadyExists.
    let usual = with("oidc_provider: oidc.example.com");
    let error = refused(world.plan(&usual).await);
    assert!(said(&error).contains("it lacks the audience sts.amazonaws.com"), "{}", said(&error));
    let hint = error.hint_text().expect("a hint");
    let arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";
    let command = format!(
        "add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id sts.amazonaws.com"
    );
    assert!(hint.contains(&command) && hint.contains("aws.cluster.audience"), "{hint}");
    assert!(!hint.contains("create-open-id-connect-provider"), "{hint}");
    let add = world.iam().add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(arn);
    add.client_id("sts.amazonaws.com").send().await.expect("added, as the hint says");
    world.converge(&usual).await;
}

/// Everything of the stack's is as it should be, and no pod can be any role.
#[tokio::test]
async fn a_provider_that_lost_the_audience_or_is_gone_is_told_where_all_else_is_as_it_should_be() {
    let text = manifest(GRANTS);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE";
    let broken = async || {
        let session = world.session(&text).await.expect("a session");
        let drift = session.engine().only_looking().plan(&Silent).await.expect("a plan");
        let before = world.running().counts().total;
        let plan = world.plan(&text).await.expect("a plan");
        let requests = world.running().counts().total - before;
        for plan in [&drift, &plan] {
            assert!(plan.is_empty() && plan.refusal.is_none(), "{plan:#?}");
        }
        assert_eq!(drift.broken, plan.broken);
        assert_eq!(drift.has_drift(), !drift.broken.is_empty());
        (plan.broken, requests)
    };
    let (none, requests) = broken().await;
    assert!(none.is_empty(), "{none:?}");
    let remove = world.iam().remove_client_id_from_open_id_connect_provider().open_id_connect_provider_arn(arn);
    remove.client_id("sts.amazonaws.com").send().await.expect("removed");
    let (lacks, as_before) = broken().await;
    assert_eq!(as_before, requests, "it costs no request");
    let told = |broken: &[Broken], says: &str| {
        let [one] = broken else { panic!("{broken:#?}") };
        assert_eq!(one.note.about, "grant mine");
        assert!(one.note.message.contains(says) && one.note.message.contains(arn), "{}", one.note.message);
        let names: Vec<_> = one.objects.iter().map(|object| object.name.as_str()).collect();
        assert_eq!(names, [ROLE]);
    };
    told(&lacks, "add-client-id-to-open-id-connect-provider");
    world.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await.expect("deleted");
    told(&broken().await.0, "IAM doesn't know it");
    // It is in nobody's way who takes away.
    world.revoke_all(&text).await.expect("revoked");
}

#[tokio::test]
async fn several_clusters_are_trusted_each_by_its_own_statement() {
    let text = with("oidc_provider: [blue.example.com/a, green.example.com/b/]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let mut statements = world.trust(ROLE).await["Statement"].as_array().expect("statements").clone();
    let mut expected = vec![
        statement("blue.example.com/a", "sts.amazonaws.com"),
        statement("green.example.com/b/", "sts.amazonaws.com"),
    ];
    statements.sort_by_key(ToString::to_string);
    expected.sort_by_key(ToString::to_string);
    assert_eq!(statements, expected);
    // Each has to be there.
    let error = refused(world.plan(&text.replace("green", "red")).await);
    assert!(said(&error).contains("oidc-provider/red.example.com/b/"), "{}", said(&error));
    // Blue is taken down: nobody trusts it any more.
    world.converge(&text.replace("[blue.example.com/a, green.example.com/b/]", "[green.example.com/b/]")).await;
    let left = world.trust(ROLE).await["Statement"].clone();
    assert_eq!(left, json!([statement("green.example.com/b/", "sts.amazonaws.com")]));
}

#[tokio::test]
async fn an_issuer_as_an_arn_is_understood() {
    let arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A";
    let text = with(&format!("oidc_provider: '{arn}'"));
    let world = World::new(&text).await;
    world.converge(&text).await;
    assert_eq!(world.trust(ROLE).await["Statement"][0]["Principal"]["Federated"], json!([arn]));
    let error = refused(world.plan(&text.replace("::111122223333:oidc", "::444455556666:oidc")).await);
    assert!(error.kind().is_usage(), "{}", said(&error));
    assert!(said(&error).contains("is in account 444455556666, the data plane in 111122223333"), "{}", said(&error));
}
