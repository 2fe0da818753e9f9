//! Lists of pages that have no end, or end too early.

use cloudgrant_core::ErrorKind;
use serde_json::json;

use crate::server::{Answer, Server};
use crate::world::{REGISTRY, details, honest, plan, refused, said, secrets, xml};

/// The marker of the nth page, of so many different ones.
fn marker(nth: usize, different: usize) -> String {
    format!("m{}", nth % different)
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_of_iam_that_repeat_end_in_an_error() {
    for different in [1, 2, 7] {
        let server = Server::start(move |action, body, nth| match action {
            "GetAccountAuthorizationDetails" => {
                let marker = marker(nth, different);
                details("%7B%7D", &format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"))
            }
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, REGISTRY).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
        assert!(said.contains("round in a circle"), "{said}");
        assert_eq!(server.requests("GetAccountAuthorizationDetails"), different + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_iam_that_goes_on_nowhere_is_not_taken_for_the_whole() {
    for rest in ["<IsTruncated>true</IsTruncated>", "<IsTruncated>true</IsTruncated><Marker></Marker>"] {
        let server = Server::start(move |action, body, _| match action {
            "GetAccountAuthorizationDetails" => details("%7B%7D", rest),
            action => honest(action, body),
        })
        .await;
        let (_, said) = refused(&server, REGISTRY).await;
        assert!(said.contains("goes on, and not where"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_ecr_that_repeat_end_in_an_error() {
    for different in [1, 3] {
        let server = Server::start(move |action, body, nth| match action {
            "DescribeRepositories" => {
                Answer::ok(json!({ "repositories": [], "nextToken": marker(nth, different) }).to_string())
            }
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, REGISTRY).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
        assert!(said.contains("round in a circle"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ever_new_tokens_of_ecr_end_in_an_error() {
    let server = Server::start(|action, body, nth| match action {
        "DescribeRepositories" => Answer::ok(json!({ "repositories": [], "nextToken": nth.to_string() }).to_string()),
        action => honest(action, body),
    })
    .await;
    let (_, said) = refused(&server, REGISTRY).await;
    assert!(said.contains("more than 2000 pages"), "{said}");
    assert_eq!(server.requests("DescribeRepositories"), 2_000);
}

/// It is a short cut only: what it doesn't find is asked for singly.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_secrets_is_left_when_it_has_cost_enough() {
    for different in [1, 2, usize::MAX] {
        let server = Server::start(move |action, body, nth| match action {
            "ListSecrets" => Answer::ok(
                json!({ "SecretList": [{}, { "ARN": "x" }], "NextToken": marker(nth, different) }).to_string(),
            ),
            action => honest(action, body),
        })
        .await;
        plan(&server, &secrets(20)).await.expect("a plan");
        assert!((1..=10).contains(&server.requests("ListSecrets")), "{}", server.requests("ListSecrets"));
        assert_eq!(server.requests("DescribeSecret"), 20);
    }
}

/// The account with a policy of the stack, which a role has that isn't the stack's.
fn with_a_policy() -> Answer {
    let arn = "arn:aws:iam::111122223333:policy/cloudgrant/tests/cloudgrant_tests_global";
    let roles = ["unionai-acme-flyteworker-node-group", "acme-userflyterole", "acme-former"].map(|name| {
        format!(
            "<member><RoleName>{name}</RoleName><Arn>arn:aws:iam::111122223333:role/{name}</Arn><Path>/</Path>\
             <AssumeRolePolicyDocument>%7B%7D</AssumeRolePolicyDocument><AttachedManagedPolicies><member>\
             <PolicyName>cloudgrant_tests_global</PolicyName><PolicyArn>{arn}</PolicyArn></member></AttachedManagedPolicies>\
             </member>"
        )
    });
    let policy = format!(
        "<member><PolicyName>cloudgrant_tests_global</PolicyName><Arn>{arn}</Arn><Path>/cloudgrant/tests/</Path>\
         <DefaultVersionId>v1</DefaultVersionId><AttachmentCount>3</AttachmentCount><PolicyVersionList><member>\
         <VersionId>v1</VersionId><IsDefaultVersion>true</IsDefaultVersion><Document>%7B%7D</Document></member>\
         </PolicyVersionList></member>"
    );
    let roles = roles.concat();
    xml(
        "GetAccountAuthorizationDetails",
        &format!(
            "<RoleDetailList>{roles}</RoleDetailList><Policies>{policy}</Policies><IsTruncated>false</IsTruncated>"
        ),
    )
}

/// Of the manifest's tags, and of the roles to which the stack attached it.
#[tokio::test(flavor = "multi_thread")]
async fn the_tags_of_a_policy_that_go_round_or_are_cut_off_end_in_an_error() {
    for tail in [format!("  tags: {{ owner: data }}\n{REGISTRY}"), REGISTRY.to_owned()] {
        for (marker, expected) in [("<Marker>m</Marker>", "round in a circle"), ("", "goes on, and not where")] {
            let server = Server::start(move |action, body, _| match action {
                "GetAccountAuthorizationDetails" => with_a_policy(),
                "ListPolicyTags" => xml(action, &format!("<Tags/><IsTruncated>true</IsTruncated>{marker}")),
                action => honest(action, body),
            })
            .await;
            let (error, said) = refused(&server, &tail).await;
            assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
            assert!(said.contains(expected) && said.contains("iam:ListPolicyTags"), "{said}");
            // Once for the tags, once for the roles.
            assert!(server.requests("ListPolicyTags") <= 4, "{}", server.requests("ListPolicyTags"));
        }
    }
}

/// The rules are only worth a note: the plan is made without them.
#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_ecr_that_go_round_are_left() {
    let own = "registries: [{ name: images, aws: 111122223333.dkr.ecr.us-west-2.amazonaws.com/team/images }]\n";
    let server = Server::start(move |action, body, nth| match action {
        "DescribePullThroughCacheRules" => {
            Answer::ok(json!({ "pullThroughCacheRules": [], "nextToken": marker(nth, 3) }).to_string())
        }
        action => honest(action, body),
    })
    .await;
    let plan = plan(&server, own).await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("couldn't be read")), "{:#?}", plan.notes);
    assert_eq!(server.requests("DescribePullThroughCacheRules"), 4);
}

const BUCKET: &str = "resources: { data: { aws: 's3://acme-data/' } }
grants: [{ name: all, scope: global, access: { data: read } }]
";

fn buckets(rest: &str) -> Answer {
    Answer::ok(format!(
        "<ListAllMyBucketsResult><Buckets></Buckets><Owner><ID>x</ID></Owner>{rest}</ListAllMyBucketsResult>"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_s3_that_repeat_end_in_an_error() {
    for different in [1, 3] {
        let server = Server::start(move |action, body, nth| match action {
            "ListBuckets" => buckets(&format!("<ContinuationToken>{}</ContinuationToken>", marker(nth, different))),
            action => honest(action, body),
        })
        .await;
        let (error, said) = refused(&server, BUCKET).await;
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{said}");
        assert!(said.contains("round in a circle") && said.contains("s3:ListAllMyBuckets"), "{said}");
        // For the grants alone: bindings take what these came to.
        assert_eq!(server.requests("ListBuckets"), different + 1);
    }
}

/// A bucket of the own account that the list doesn't have is asked whether it is the account's, and is the account's.
#[tokio::test(flavor = "multi_thread")]
async fn an_own_bucket_that_the_list_leaves_out_keeps_its_owner_s_condition() {
    let server = Server::start(|action, head, _| match action {
        "ListBuckets" => buckets(""),
        "GetBucketEncryption" => {
            let expected = head.lines().find_map(|line| line.strip_prefix("x-amz-expected-bucket-owner: "));
            match expected.map(str::trim) {
                None | Some("111122223333") => Answer::ok(
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256\
                     </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
                ),
                Some(_) => Answer::Body(
                    403,
                    String::new(),
                    b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>".to_vec(),
                ),
            }
        }
        action => honest(action, head),
    })
    .await;
    let plan = plan(&server, BUCKET).await.unwrap_or_else(|error| panic!("{}", said(&error)));
    let documents: Vec<_> = plan.changes.iter().filter_map(|change| change.trees()[1].clone()).collect();
    let owner = json!({ "StringEquals": { "aws:ResourceAccount": ["111122223333"] } });
    assert!(
        documents.iter().any(|made| made["document"]["Statement"]
            .as_array()
            .is_some_and(|statements| { statements.iter().all(|statement| statement["Condition"] == owner) })),
        "{documents:#?}"
    );
}
