use serde_json::{Value, json};

use super::*;
use crate::shared_document::OwnedBucket;

fn bucket() -> Shared {
    Shared::Bucket(OwnedBucket {
        account: serde_json::from_value(json!("111122223333")).expect("an account"),
        partition: "aws".to_owned(),
        name: "acme-shared".to_owned(),
    })
}

const MARK: &str = "Mark";

fn policy(value: &Value) -> Policy {
    Policy::parse(&value.to_string()).expect("a policy")
}

fn statement(sid: &str) -> Value {
    json!({"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": ["ecr:Get"]})
}

fn with(sids: &[&str]) -> Policy {
    policy(&json!({"Statement": sids.iter().map(|sid| statement(sid)).collect::<Vec<_>>()}))
}

fn sids(policy: Option<Policy>) -> Vec<String> {
    statements(policy.as_ref()).iter().filter_map(Statement::sid).map(str::to_owned).collect()
}

#[test]
fn what_others_did_meanwhile_is_put_back() {
    let (before, beside) = (with(&["A", "B"]), with(&["A", "C"]));
    let mut meanwhile = Meanwhile::default();
    let now = with(&["A", "B", "AllowPullMark"]);
    meanwhile.learn(Some(&before), Some(&beside), Some(&now), MARK);
    // Ours went over theirs.
    meanwhile.forget(Some(&now), None, &bucket());
    assert_eq!(sids(meanwhile.put_back(Some(now))), ["A", "AllowPullMark", "C"]);
    // Theirs went over ours, or came after it: there is nothing to put back.
    let now = with(&["A", "C"]);
    meanwhile.forget(Some(&now), None, &bucket());
    assert!(meanwhile.is_nothing());
    // Somebody wrote after ours, and wanted only one of both things.
    for last in [with(&["A", "B", "C"]), with(&["A"])] {
        meanwhile.learn(Some(&before), Some(&beside), Some(&before), MARK);
        meanwhile.forget(Some(&last), Some(&before.statements), &bucket());
        assert!(meanwhile.is_nothing());
        assert_eq!(meanwhile.untold().drain(..).count(), 1, "the other one is told");
    }
    // This stack's own statements are nobody else's doing, whichever of its runs wrote them.
    let ours = with(&["A", "B", "AllowPullMarkOne", "AllowPullMarkTwo"]);
    meanwhile.learn(Some(&before), Some(&ours), Some(&before), MARK);
    meanwhile.learn(Some(&ours), Some(&before), Some(&ours), MARK);
    assert!(meanwhile.is_nothing());
    // A statement that was changed twice is there once.
    let edited = |action: &str| {
        let mut statement = statement("C");
        statement["Action"] = json!([action]);
        policy(&json!({ "Statement": [statement] }))
    };
    for action in ["ecr:One", "ecr:Two"] {
        meanwhile.learn(None, Some(&edited(action)), None, MARK);
    }
    let back = meanwhile.put_back(None);
    assert_eq!(statements(back.as_ref()), edited("ecr:Two").statements);
    meanwhile.forget(Some(&edited("ecr:Three")), None, &bucket());
    assert!(meanwhile.is_nothing(), "somebody changed it again");
    meanwhile.learn(None, Some(&with(&["C"])), None, MARK);
    assert_eq!(sids(meanwhile.put_back(None)), ["C"]);
}

#[test]
fn what_is_there_again_before_our_write_isnt_put_back_once_more() {
    let mut meanwhile = Meanwhile::default();
    meanwhile.learn(Some(&with(&["A"])), Some(&with(&["B"])), Some(&with(&["A", "AllowPullMark"])), MARK);
    // Beside the write that puts it back, it is seen that whoever did it has done it once more.
    let back = meanwhile.put_back(Some(with(&["A", "AllowPullMark"])));
    meanwhile.learn(Some(&with(&["A", "AllowPullMark"])), Some(&with(&["B", "AllowPullMark"])), back.as_ref(), MARK);
    assert!(meanwhile.is_nothing(), "what comes after that is somebody's wish: {meanwhile:?}");
    // Beside the write that puts it back, nothing is seen of it yet.
    let now = with(&["A", "AllowPullMark"]);
    meanwhile.learn(Some(&with(&["A"])), Some(&with(&["B"])), Some(&now), MARK);
    let back = meanwhile.put_back(Some(now.clone()));
    meanwhile.learn(Some(&now), Some(&now), back.as_ref(), MARK);
    assert_eq!(sids(meanwhile.put_back(Some(now))), ["AllowPullMark", "B"]);
}

#[test]
fn what_becomes_of_what_was_put_back_is_somebodys_wish() {
    let mut meanwhile = Meanwhile::default();
    let (before, beside) = (with(&["A", "B"]), with(&["A", "C"]));
    meanwhile.learn(Some(&before), Some(&beside), Some(&before), MARK);
    let back = meanwhile.put_back(Some(before.clone()));
    meanwhile.wrote(back.as_ref());
    // Beside that write, somebody did more, which it undid.
    meanwhile.learn(Some(&before), Some(&with(&["A", "B", "D"])), back.as_ref(), MARK);
    meanwhile.settle();
    assert_eq!(sids(meanwhile.put_back(Some(with(&["A", "B"])))), ["A", "B", "D"]);
    // Without a write, nothing was put back.
    meanwhile.settle();
    assert!(!meanwhile.is_nothing());
}

#[test]
fn who_wrote_between_two_tries_has_the_last_word_and_is_told() {
    let bucket = bucket();
    let ours = |sids: &[&str]| with(&[sids, &["AllowObjectsCloudgrant0One"]].concat());
    let mut meanwhile = Meanwhile::default();
    meanwhile.look(Some(&with(&["A", "B"])), true, &bucket);
    meanwhile.learn(Some(&with(&["A", "B"])), Some(&with(&["A", "C"])), Some(&ours(&["A", "B"])), MARK);
    meanwhile.wrote(Some(&ours(&["A", "B"])));
    // What stacks write is no person's wish.
    for same in [ours(&["A", "B"]), with(&["B", "A"]), with(&["A", "B", "AllowObjectsCloudgrant1Two"])] {
        meanwhile.look(Some(&same), true, &bucket);
        assert!(!meanwhile.is_nothing() && meanwhile.untold().is_empty());
    }
    meanwhile.look(Some(&with(&["B"])), true, &bucket);
    assert!(meanwhile.is_nothing());
    let [told] = meanwhile.untold().as_slice() else { panic!("{meanwhile:?}") };
    assert!(told.ends_with("see whether it should have `C`, and not have `B`"), "{told}");
}

#[test]
fn what_may_have_been_undone_is_told_unless_it_is_there() {
    let (before, beside, after) = (with(&["A", "B"]), with(&["A", "C"]), with(&["A", "B", "AllowObjectsMark"]));
    for (now, told) in [
        (with(&["A", "C"]), None),
        (with(&["A", "B", "C"]), Some("should not have `B`")),
        (with(&["A"]), Some("should have `C`")),
        (after.clone(), Some("should have `C`, and not have `B`")),
    ] {
        let mut meanwhile = Meanwhile::default();
        meanwhile.doubt(Some(&before), Some(&beside), Some(&after), MARK);
        assert!(meanwhile.is_nothing(), "nobody knows that it is to be put back");
        assert!(meanwhile.lost(&bucket()).is_some_and(|lost| lost.ends_with("have `C`, and not have `B`")));
        meanwhile.look(Some(&now), false, &bucket());
        assert_eq!(meanwhile.lost(&bucket()), None);
        match (meanwhile.untold().as_slice(), told) {
            ([], None) => {}
            ([remark], Some(told)) => assert!(remark.ends_with(told), "{remark}"),
            (remarks, told) => panic!("{remarks:?} in the place of {told:?}"),
        }
    }
}

#[test]
fn a_role_that_is_shown_by_its_id_for_a_while_is_nobody_s_edit() {
    let named = |principals: &Value, action: &str| {
        let one = json!({"Sid": "A", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": action});
        policy(&json!({ "Statement": [one] }))
    };
    let (arn, id) = ("arn:aws:iam::111122223333:role/x", "AROAEXAMPLE");
    let learnt = |before: &Policy, beside: &Policy| {
        let mut meanwhile = Meanwhile::default();
        meanwhile.learn(Some(before), Some(beside), Some(before), MARK);
        !meanwhile.is_nothing()
    };
    let [by_arn, by_id] = [json!(arn), json!(id)].map(|principal| named(&principal, "ecr:Get"));
    assert!(!learnt(&by_arn, &by_id) && !learnt(&by_id, &by_arn));
    assert!(learnt(&by_arn, &named(&json!(id), "ecr:Put")), "another action is an edit");
    assert!(learnt(&by_arn, &named(&json!([arn, id]), "ecr:Get")), "one more principal is an edit");
    assert!(learnt(&by_arn, &named(&json!("arn:aws:iam::111122223333:role/y"), "ecr:Get")), "another role is an edit");
}

#[test]
fn what_others_did_to_a_digit_is_put_back() {
    let with = |number: &str| {
        let text = r#"{"Statement":[{"Sid":"A","Condition":{"NumericLessThan":{"x":1.10}}}]}"#;
        Policy::parse(&text.replace("1.10", number)).expect("a policy")
    };
    let mut meanwhile = Meanwhile::default();
    let (before, beside) = (with("12345678901234567890123"), with("12345678901234567890124"));
    meanwhile.learn(Some(&before), Some(&beside), Some(&before), MARK);
    let back = meanwhile.put_back(Some(with("12345678901234567890123"))).expect("a statement");
    assert_eq!(back.to_string(), with("12345678901234567890124").to_string());
}
