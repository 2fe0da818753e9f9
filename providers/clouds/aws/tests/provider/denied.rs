//! Who may not is told what is missing; who is somebody else is stopped.

use cloudgrant_core::ErrorKind;

use crate::world::{Runs, World, manifest, refused, said};

const GRANTS: &str = "grants: [{ name: mine, scope: { domain: production }, access: { data: read } }]";

#[tokio::test]
async fn access_denied_names_the_call_the_principal_and_the_permission() {
    let text = manifest(GRANTS);
    let world = World::with(&text, "deny=iam:CreateRole").await;
    let report = world.apply(&text).await.expect("a report");
    let failed = &report.failed[0];
    assert_eq!(failed.error.kind(), ErrorKind::AccessDenied);
    let said = said(&failed.error);
    for part in [
        "operation: iam:CreateRole",
        "principal: arn:aws:iam::111122223333:user/sandbox",
        "missing permission: iam:CreateRole on arn:aws:iam::111122223333:role/",
        "grant mine",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!report.remaining.is_empty());
}

#[tokio::test]
async fn reading_denied_stops_the_plan() {
    let text = manifest(GRANTS);
    let world = World::with(&text, "deny=iam:GetAccountAuthorizationDetails").await;
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert!(said(&error).contains("iam:GetAccountAuthorizationDetails"), "{}", said(&error));
}

#[tokio::test]
async fn a_role_in_another_account_that_may_not_be_assumed() {
    let text =
        manifest("registries: [{ name: theirs, aws: 444455556666.dkr.ecr.us-west-2.amazonaws.com/team/theirs }]");
    let world = World::with(&text, "deny=sts:AssumeRole").await;
    let error = refused(world.plan(&text).await);
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    for part in [
        "sts:AssumeRole on arn:aws:iam::444455556666:role/registry-admin",
        "on the way to: ecr:",
        "trust policy names you",
    ] {
        assert!(said(&error).contains(part), "{part} in {}", said(&error));
    }
}

#[tokio::test]
async fn an_explicit_deny_is_told_and_a_boundary_meets_what_it_demands() {
    let text = manifest(GRANTS);
    let world = World::with(&text, "deny=iam:CreateRole@service-control-policy@PermissionsBoundary").await;
    let report = world.apply(&text).await.expect("a report");
    let error = &report.failed[0].error;
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    let said = said(error);
    assert!(said.contains("denied by: an explicit deny in a service control policy"), "{said}");
    assert!(!said.contains("missing permission"), "{said}");
    let hint = error.hint_text().expect("a hint");
    assert!(hint.contains("administers the organization") && hint.contains("aws.permissions_boundary"), "{hint}");
    assert!(!hint.contains("give the principal that permission"), "{hint}");
    // With what the organization demands, it works.
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    world.iam().create_policy().policy_name("boundary").policy_document(document).send().await.expect("made");
    let bounded = text.replace(
        "  region: us-west-2",
        "  region: us-west-2\n  permissions_boundary: 'arn:aws:iam::111122223333:policy/boundary'",
    );
    world.converge(&bounded).await;
}

#[tokio::test]
async fn every_kind_of_denial_is_told() {
    let text = manifest(GRANTS);
    let mut world = World::new(&text).await;
    for (knob, named, in_whose_hands) in [
        (
            "service-control-policy",
            "a service control policy",
            "ask whoever administers the organization (its management",
        ),
        ("resource-control-policy", "a resource control policy", "the organization that the resource's account is in"),
        ("permissions-boundary", "a permissions boundary", "ask whoever set the principal's permissions boundary"),
        ("session-policy", "a session policy", "have whatever makes the session"),
        ("vpc-endpoint-policy", "a VPC endpoint policy", "ask whoever administers that network"),
        (
            "identity-policy",
            "an identity-based policy",
            "ask an administrator of the account to take the statement out",
        ),
        ("resource-policy", "a resource-based policy", "ask whoever administers the resource's account"),
    ] {
        world.restart(&text, &format!("deny=iam:GetAccountAuthorizationDetails@{knob}")).await;
        let error = refused(world.plan(&text).await);
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert!(said(&error).contains(&format!("denied by: an explicit deny in {named}")), "{}", said(&error));
        let hint = error.hint_text().expect("a hint");
        let begins = format!("a deny in {named} forbids this; giving permissions doesn't help: ");
        assert!(hint.starts_with(&begins), "{hint}");
        assert!(hint.contains(in_whose_hands), "{in_whose_hands} in {hint}");
        assert!(!said(&error).contains("missing permission"), "{}", said(&error));
        // Where such a policy is there and merely doesn't allow it, it is in the same hands. Who lacks a permission is told so.
        world.restart(&text, &format!("deny=iam:GetAccountAuthorizationDetails@no-{knob}")).await;
        let error = refused(world.plan(&text).await);
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        let hint = error.hint_text().expect("a hint");
        if matches!(knob, "identity-policy" | "resource-policy") {
            assert!(
                said(&error).contains("missing permission: iam:GetAccountAuthorizationDetails"),
                "{}",
                said(&error)
            );
            assert!(hint.contains("give the principal that permission"), "{hint}");
            continue;
        }
        let kind = named.trim_start_matches("a ");
        assert!(said(&error).contains(&format!("denied by: no {kind} allows it")), "{}", said(&error));
        assert!(hint.starts_with(&format!("a {kind} applies, and doesn't allow this: ")), "{hint}");
        assert!(hint.contains(in_whose_hands), "{in_whose_hands} in {hint}");
        assert!(!said(&error).contains("missing permission"), "{}", said(&error));
    }
}
