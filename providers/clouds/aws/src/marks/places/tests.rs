use aws_sdk_iam::types::{ManagedPolicyDetail, PolicyVersion};
use cloudgrant_core::{RegistryName, Stack};

use crate::config::AccountId;
use crate::marks::places::*;
use crate::resources::kinds::repository::Repository;
use crate::shared_document::shared::{CustomerKey, OwnedBucket};

const THEIRS: &str = "444455556666";

fn account(id: &str) -> AccountId {
    AccountId::parse(id).expect("account")
}

fn names() -> Names {
    Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account("111122223333"), Some("a.example/id"))
}

fn repository(name: &str) -> Shared {
    let (region, name) = ("us-east-1".to_owned(), name.to_owned());
    Shared::Repository(Repository { account: account(THEIRS), region, name })
}

fn bucket(name: &str) -> Shared {
    Shared::Bucket(OwnedBucket { account: account(THEIRS), partition: "aws".to_owned(), name: name.to_owned() })
}

fn key(id: &str) -> Shared {
    Shared::Key(CustomerKey::parse(&format!("arn:aws:kms:eu-west-1:{THEIRS}:key/{id}")).expect("a key"))
}

const KINDS: [fn(&str) -> Shared; 3] = [repository, bucket, key];

fn made(snapshot: &Snapshot, documents: &[Shared]) -> Object {
    let mut places = Places::default();
    for shared in documents {
        let because = IntentId::Registry(RegistryName::parse("theirs").expect("name"));
        places.note(&names(), "nodes", shared, &Scope::Global, because);
    }
    let mut objects = places.objects(&names(), &BTreeMap::new(), snapshot);
    assert_eq!(objects.len(), 1, "{objects:#?}");
    objects.remove(0)
}

fn with(object: &Object) -> Snapshot {
    let document = object.attributes.value()["document"].to_string();
    let version = PolicyVersion::builder().is_default_version(true).document(document).build();
    let name = object.id.name.clone();
    let policy = ManagedPolicyDetail::builder().arn(names().policy_arn(&name)).policy_name(name);
    let mut snapshot = Snapshot::default();
    snapshot.add_policy(policy.path(names().path()).policy_version_list(version).build());
    snapshot
}

fn read(object: &Object) -> Vec<Marked> {
    let mut marks = marked(&names(), &with(object));
    assert_eq!(marks.len(), 1, "{marks:#?}");
    marks.remove(0).names
}

#[test]
fn what_was_marked_once_stays_marked_while_others_are() {
    for kind in KINDS {
        let first = made(&Snapshot::default(), &[kind("acme-a")]);
        assert_eq!(read(&first), [Marked::One(kind("acme-a"))]);
        let both = made(&with(&first), &[kind("acme-b")]);
        assert_eq!(read(&both), [Marked::One(kind("acme-a")), Marked::One(kind("acme-b"))]);
        assert_eq!(made(&with(&both), &[kind("acme-b")]).attributes, both.attributes, "nothing to do the next time");
    }
}

#[test]
fn too_many_become_all_of_the_account_and_region() {
    for (kind, said) in KINDS.into_iter().zip([
        "repositories of account 444455556666 in us-east-1",
        "buckets of account 444455556666",
        "keys of account 444455556666 in eu-west-1",
    ]) {
        let many: Vec<_> = (0..300).map(|n| kind(&format!("acme-training-{n:03}"))).collect();
        let object = made(&Snapshot::default(), &many);
        let all = read(&object);
        assert_eq!(all.iter().map(ToString::to_string).collect::<Vec<_>>(), [said]);
        assert!(all[0].meets(&Marked::One(kind("any"))) && all[0].account().as_str() == THEIRS);
        assert_eq!(made(&with(&object), &[kind("one")]).attributes, object.attributes);
    }
}

#[test]
fn places_that_are_not_the_same_do_not_meet() {
    let all = |shared: &Shared| Marked::All(Place::of(shared));
    for (one, other) in KINDS.into_iter().flat_map(|one| KINDS.map(|other| (one, other))) {
        assert_eq!(all(&one("a")).meets(&Marked::One(other("a"))), one("a") == other("a"));
        assert!(!Marked::One(one("a")).meets(&Marked::One(other("b"))));
    }
}

#[test]
fn a_bucket_without_its_account_is_no_place() {
    assert_eq!(Marked::parse("arn:aws:s3:::acme", None), None);
    assert_eq!(Marked::parse("arn:aws:sqs:us-east-1:444455556666:queue", Some(account(THEIRS))), None);
}

#[test]
fn another_home_marks_under_another_name() {
    let other =
        Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account("111122223333"), Some("b.example/id"));
    let object = made(&Snapshot::default(), &[repository("team/a")]);
    assert!(marked(&other, &with(&object)).is_empty());
}
