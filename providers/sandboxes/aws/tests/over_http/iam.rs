//! IAM's limits and pages.

use crate::client::Client;
use crate::{ACCOUNT, POLICY, SERVICE_TRUST, create_role, with_sandbox};

#[test]
fn policies_have_the_limits_of_aws() {
    with_sandbox("quota.PoliciesQuota=3", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let arn = "arn:aws:iam::111122223333:policy/p/one";
        let create = [("PolicyName", "one"), ("Path", "/p/"), ("PolicyDocument", POLICY)];
        assert_eq!(client.iam("CreatePolicy", &create).ok().element("Arn"), Some(arn));
        client.iam("CreatePolicy", &create).fails(409, "EntityAlreadyExists", "A policy called one already exists.");
        let more = [("PolicyName", "two"), ("PolicyDocument", POLICY)];
        client.iam("CreatePolicy", &more).fails(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 3");

        let big = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::{}"]}}]}}"#,
            "x".repeat(6144)
        );
        let version = |document| [("PolicyArn", arn), ("PolicyDocument", document)];
        client.iam("CreatePolicyVersion", &version(&big)).fails(
            409,
            "LimitExceeded",
            "Cannot exceed quota for PolicySize: 6144",
        );
        // White space is not counted, so this fits.
        let wide = POLICY.replace(',', &format!(",{}", " ".repeat(5000)));
        client.iam("CreatePolicyVersion", &version(&wide)).ok();
        for _ in 0..3 {
            client.iam("CreatePolicyVersion", &version(POLICY)).ok();
        }
        client.iam("CreatePolicyVersion", &version(POLICY)).fails(
            409,
            "LimitExceeded",
            "A managed policy can have up to 5 versions.",
        );
        client.iam("DeletePolicy", &[("PolicyArn", arn)]).fails(409, "DeleteConflict", "more than one version");
        let first = [("PolicyArn", arn), ("VersionId", "v1")];
        client.iam("DeletePolicyVersion", &first).fails(
            409,
            "DeleteConflict",
            "Cannot delete the default version of a policy.",
        );
        client.iam("SetDefaultPolicyVersion", &[("PolicyArn", arn), ("VersionId", "v5")]).ok();
        client.iam("DeletePolicyVersion", &first).ok();
        client.iam("GetPolicyVersion", &first).fails(
            404,
            "NoSuchEntity",
            "version v1 does not exist or is not attachable.",
        );
        client.iam("CreatePolicyVersion", &version(POLICY)).ok();
        assert_eq!(
            client.iam("ListPolicyVersions", &[("PolicyArn", arn)]).ok().element("VersionId"),
            Some("v6"),
            "numbers are not reused"
        );
        let managed = [("PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")];
        client.iam("DeletePolicy", &managed).fails(403, "AccessDenied", "iam:DeletePolicy");
    });
}

#[test]
fn roles_have_the_limits_of_aws() {
    with_sandbox("quota.AttachedPoliciesPerRoleQuota=1", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        create_role(&mut client, "one", SERVICE_TRUST).ok();
        create_role(&mut client, "ONE", SERVICE_TRUST).fails(
            409,
            "EntityAlreadyExists",
            "Role with name ONE already exists.",
        );
        create_role(&mut client, &"x".repeat(65), SERVICE_TRUST).fails(
            400,
            "ValidationError",
            "less than or equal to 64",
        );
        let long = SERVICE_TRUST.replace("ec2", &"e".repeat(2048));
        create_role(&mut client, "two", &long).fails(
            409,
            "LimitExceeded",
            "Cannot exceed quota for ACLSizePerRole: 2048",
        );
        let unknown = SERVICE_TRUST
            .replace(r#"{"Service":"ec2.amazonaws.com"}"#, r#"{"AWS":"arn:aws:iam::111122223333:role/no"}"#);
        create_role(&mut client, "two", &unknown).fails(
            400,
            "MalformedPolicyDocument",
            r#"Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/no""#,
        );
        let attach = |arn| [("RoleName", "one"), ("PolicyArn", arn)];
        client.iam("AttachRolePolicy", &attach("arn:aws:iam::111122223333:policy/no")).fails(
            404,
            "NoSuchEntity",
            "Policy arn:aws:iam::111122223333:policy/no does not exist or is not attachable.",
        );
        let own = attach("arn:aws:iam::111122223333:policy/userflyterole");
        client.iam("AttachRolePolicy", &own).ok();
        client.iam("AttachRolePolicy", &own).ok();
        let second = attach("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");
        client.iam("AttachRolePolicy", &second).fails(
            409,
            "LimitExceeded",
            "Cannot exceed quota for PoliciesPerRole: 1",
        );
        client.iam("DetachRolePolicy", &second).fails(404, "NoSuchEntity", "was not found.");
        let role = [("RoleName", "one")];
        client.iam("DeleteRole", &role).fails(
            409,
            "DeleteConflict",
            "Cannot delete entity, must detach all policies first.",
        );
        client.iam("DetachRolePolicy", &own).ok();
        let inline = |name, document| [("RoleName", "one"), ("PolicyName", name), ("PolicyDocument", document)];
        client.iam("PutRolePolicy", &inline("a", POLICY)).ok();
        let big = POLICY.replace("b/*", &"b".repeat(10_200));
        client.iam("PutRolePolicy", &inline("b", &big)).fails(
            409,
            "LimitExceeded",
            "Maximum policy size of 10240 bytes exceeded for role one",
        );
        client.iam("DeleteRole", &role).fails(
            409,
            "DeleteConflict",
            "Cannot delete entity, must delete policies first.",
        );
        client.iam("DeleteRolePolicy", &[("RoleName", "one"), ("PolicyName", "a")]).ok();
        client.iam("DeleteRole", &role).ok();
        client.iam("GetRole", &role).fails(404, "NoSuchEntity", "The role with name one cannot be found.");
        client.iam("DeleteRole", &[("RoleName", "AWSServiceRoleForSupport")]).fails(
            400,
            "UnmodifiableEntity",
            "only modifiable by AWS",
        );
    });
}

#[test]
fn the_bulk_read_pages_through_everything() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        for n in 0..12 {
            create_role(&mut client, &format!("role-{n}"), SERVICE_TRUST).ok();
        }
        let (mut marker, mut roles, mut pages) = (None::<String>, 0, 0);
        loop {
            let mut parameters = vec![("Filter.member.1", "Role"), ("MaxItems", "5")];
            parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let page = client.iam("GetAccountAuthorizationDetails", &parameters).ok();
            roles += page.count("RoleId");
            pages += 1;
            assert_eq!(page.count("PolicyId"), 0);
            marker = page.element("Marker").map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        assert_eq!((roles, pages), (16, 4), "twelve, three of the platform, one of AWS");
        let all = client.iam("GetAccountAuthorizationDetails", &[("Filter.member.1", "LocalManagedPolicy")]).ok();
        assert_eq!(all.count("PolicyVersionList"), 2);
        assert!(all.element("Document").expect("a document").starts_with("%7B%22Version%22%3A%222012-10-17%22"));
        client.iam("GetAccountAuthorizationDetails", &[("MaxItems", "1001")]).fails(
            400,
            "ValidationError",
            "less than or equal to 1000",
        );
    });
}

#[test]
fn policies_of_aws_are_there_to_attach_and_nobody_changes_them() {
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        create_role(&mut client, "tasks", SERVICE_TRUST).ok();
        for name in ["AdministratorAccess", "SecretsManagerReadWrite", "job-function/ViewOnlyAccess"] {
            let arn = format!("arn:aws:iam::aws:policy/{name}");
            let named = [("PolicyArn", arn.as_str())];
            assert_eq!(client.iam("GetPolicy", &named).ok().element("Arn"), Some(arn.as_str()));
            let version = [named[0], ("VersionId", "v1")];
            assert!(client.iam("GetPolicyVersion", &version).ok().element("Document").is_some());
            client.iam("AttachRolePolicy", &[("RoleName", "tasks"), named[0]]).ok();
            client.iam("DeletePolicy", &named).fails(403, "AccessDenied", "iam:DeletePolicy");
            let change = [named[0], ("PolicyDocument", POLICY)];
            client.iam("CreatePolicyVersion", &change).fails(403, "AccessDenied", "iam:CreatePolicyVersion");
        }
        let unknown = [("RoleName", "tasks"), ("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAcess")];
        client.iam("AttachRolePolicy", &unknown).fails(404, "NoSuchEntity", "does not exist or is not attachable");
    });
}

#[test]
fn a_denial_names_the_path() {
    let knobs = "deny=iam:CreateRole,deny=iam:CreatePolicy,deny=iam:CreateOpenIDConnectProvider,deny=iam:DeleteRole";
    with_sandbox("", |endpoint| {
        let mut client = Client::new(endpoint, ACCOUNT);
        let create = [("RoleName", "tasks"), ("Path", "/p/q/"), ("AssumeRolePolicyDocument", SERVICE_TRUST)];
        client.iam("CreateRole", &create).ok();
        client.raw("POST", "/_sandbox/knobs", "", knobs).expect("an answer").ok();
        let another = [("RoleName", "other"), ("Path", "/p/"), ("AssumeRolePolicyDocument", SERVICE_TRUST)];
        let mut denied = |action: &str, sent: &[(&str, &str)], resource: &str| {
            let message = format!("on resource: arn:aws:iam::111122223333:{resource} ");
            client.iam(action, sent).fails(403, "AccessDenied", &message);
        };
        denied("CreateRole", &another, "role/p/other");
        denied("CreateRole", &another[..1], "role/other");
        denied("DeleteRole", &[("RoleName", "tasks")], "role/p/q/tasks");
        denied("CreatePolicy", &[("PolicyName", "x"), ("Path", "/p/")], "policy/p/x");
        let url = [("Url", "https://oidc.example.com/id/A")];
        denied("CreateOpenIDConnectProvider", &url, "oidc-provider/oidc.example.com/id/A");
    });
}
