//! Sids: whose a statement is, and of which stack.

use cloudgrant_core::Stack;
use proptest::prelude::*;

use super::*;
use crate::config::AccountId;

fn at(account: &str, issuer: Option<&str>) -> Names {
    let account = AccountId::parse(account).expect("account");
    Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account, issuer)
}

fn names() -> Names {
    at("111122223333", None)
}

const NAME: &str = "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?";

#[test]
fn statements_of_one_stack_at_different_homes_stay_apart() {
    let homes = [names(), at("111122223333", Some("a.example/id")), at("111122223333", Some("b.example/id"))];
    for (here, there) in homes.iter().flat_map(|here| homes.iter().map(move |there| (here, there))) {
        let same = here.home() == there.home();
        assert_eq!(here.is_sid_of_another_home(&there.sid_of_registry("x")), !same);
        assert_eq!(there.sid_of_registry("x").contains(&here.mark()), same);
    }
    assert!(names().is_sid_of_another_home(&at("444455556666", None).sid_of_registry("x")));
}

#[test]
fn sids_are_letters_and_digits() {
    let sid = names().sid_of_registry("trainer-images");
    assert!(sid.starts_with("AllowPull") && sid.ends_with("TrainerImages"), "{sid}");
    assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{sid}");
}

#[test]
fn names_that_come_near_each_other_stay_apart() {
    let (names, task) = (names(), InOthers::Task);
    assert_ne!(names.sid_of_registry("stage-1"), names.sid_of_registry("stage1"));
    assert_ne!(names.sid_of_two(task, 0, "a", "b-c"), names.sid_of_two(task, 0, "a-b", "c"));
}

#[test]
fn several_statements_of_a_grant_for_one_resource_are_numbered_and_all_are_its() {
    let names = names();
    let sids = [0, 1, 2].map(|before| names.sid_of_two(InOthers::Resource, before, "train", "jobs"));
    for (sid, begins) in sids.iter().zip(["AllowResourceC", "AllowResource2C", "AllowResource3C"]) {
        assert!(sid.starts_with(begins), "{sid}");
        assert!(names.is_sid_of_first(sid, "train") && !names.is_sid_of_first(sid, "jobs"), "{sid}");
    }
}

proptest! {
    #[test]
    fn different_statements_have_different_sids(a in (NAME, NAME), b in (NAME, NAME)) {
        let (names, task) = (names(), InOthers::Task);
        if a.0 != b.0 {
            prop_assert_ne!(names.sid_of_registry(&a.0), names.sid_of_registry(&b.0));
        }
        if a != b {
            prop_assert_ne!(names.sid_of_two(task, 0, &a.0, &a.1), names.sid_of_two(task, 0, &b.0, &b.1));
        }
        let sid = names.sid_of_two(task, 0, &a.0, &a.1);
        for one in [&a.0, &a.1, &b.0, &b.1] {
            prop_assert_eq!(names.is_sid_of_first(&sid, one), *one == a.0, "{}: {}", sid, one);
        }
        prop_assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{}", sid);
    }
}

#[test]
fn what_is_written_is_found_again() {
    let name = |name: &str| GrantName::parse(name).expect("a name");
    // Each name, and it with the words of each purpose behind it: where one ends and the other begins is in no Sid.
    let words = |purpose: &Purpose| {
        let words = purpose.as_str().chars().flat_map(|c| c.is_ascii_uppercase().then_some('-').into_iter().chain([c]));
        words.collect::<String>().to_lowercase()
    };
    let plain = ["training-data", "training", "stage-1", "stage1", "2", "a"].into_iter();
    let longer =
        plain.clone().flat_map(|name| Purpose::ALL.iter().map(move |purpose| format!("{name}{}", words(purpose))));
    let heads = ["training-read", "training-write", "training-former", "read", "a-b"].map(str::to_owned);
    let names: Vec<_> = plain
        .map(str::to_owned)
        .chain(longer)
        .chain(heads)
        .collect::<std::collections::BTreeSet<_>>()
        .iter()
        .map(|text| name(text))
        .collect();
    for (grant, other) in names.iter().flat_map(|grant| names.iter().map(move |other| (grant, other))) {
        for (purpose, apart) in Purpose::ALL.iter().flat_map(|one| ["", "2", "AB", "12"].map(|apart| (*one, apart))) {
            let sid = sid(grant, purpose) + apart;
            assert_eq!(is_of(&sid, other), grant == other, "{sid}");
        }
    }
    let grant = &name("training-data");
    assert!(!is_of("TrainingDataSomethingElse", grant) && !is_of("TrainingData", grant));
}
