//! What is remembered of what others did, and what is forgotten.

use crate::shared_document::tests::store::{Line, Script, Store};
use crate::shared_document::{Guard, Meanwhile, SharedDocument as _};

fn list() -> Store {
    Store::new(Guard::ReadBack, Script::default())
}

fn with(names: &[&str]) -> Vec<Line> {
    names.iter().map(|name| Line::new(name)).collect()
}

fn saying(name: &str, says: &str) -> Vec<Line> {
    vec![Line { says: says.to_owned(), ..Line::new(name) }]
}

fn names(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.name.as_str()).collect()
}

#[test]
fn what_others_did_meanwhile_is_put_back() {
    let of = list();
    let (before, beside) = (with(&["A", "B"]), with(&["A", "C"]));
    let mut meanwhile = Meanwhile::default();
    let now = with(&["A", "B", "MarkLine"]);
    meanwhile.learn(&of, &before, &beside, &now);
    // Ours went over theirs.
    meanwhile.forget(&of, &now, None);
    assert_eq!(names(&meanwhile.put_back(&of, now)), ["A", "MarkLine", "C"]);
    // Theirs went over ours, or came after it: there is nothing to put back.
    meanwhile.forget(&of, &beside, None);
    assert!(meanwhile.is_nothing());
    // Somebody wrote after ours, and wanted only one of both things.
    for last in [with(&["A", "B", "C"]), with(&["A"])] {
        meanwhile.learn(&of, &before, &beside, &before);
        meanwhile.forget(&of, &last, Some(&before));
        assert!(meanwhile.is_nothing());
        assert_eq!(meanwhile.untold().drain(..).count(), 1, "the other one is told");
    }
    // This stack's own parts are nobody else's doing, whichever of its runs wrote them.
    let ours = with(&["A", "B", "MarkOne", "MarkTwo"]);
    meanwhile.learn(&of, &before, &ours, &before);
    meanwhile.learn(&of, &ours, &before, &ours);
    assert!(meanwhile.is_nothing());
    // A part that was changed twice is there once.
    for says in ["one", "two"] {
        meanwhile.learn(&of, &vec![], &saying("C", says), &vec![]);
    }
    assert_eq!(meanwhile.put_back(&of, vec![]), saying("C", "two"));
    meanwhile.forget(&of, &saying("C", "three"), None);
    assert!(meanwhile.is_nothing(), "somebody changed it again");
}

#[test]
fn what_is_there_again_before_our_write_isnt_put_back_once_more() {
    let of = list();
    let mut meanwhile = Meanwhile::default();
    let now = with(&["A", "MarkLine"]);
    meanwhile.learn(&of, &with(&["A"]), &with(&["B"]), &now);
    // Beside the write that puts it back, it is seen that whoever did it has done it once more.
    let back = meanwhile.put_back(&of, now.clone());
    meanwhile.learn(&of, &now, &with(&["B", "MarkLine"]), &back);
    assert!(meanwhile.is_nothing(), "what comes after that is somebody's wish: {meanwhile:?}");
    // Beside the write that puts it back, nothing is seen of it yet.
    meanwhile.learn(&of, &with(&["A"]), &with(&["B"]), &now);
    let back = meanwhile.put_back(&of, now.clone());
    meanwhile.learn(&of, &now, &now, &back);
    assert_eq!(names(&meanwhile.put_back(&of, now)), ["MarkLine", "B"]);
}

#[test]
fn what_becomes_of_what_was_put_back_is_somebodys_wish() {
    let of = list();
    let mut meanwhile = Meanwhile::default();
    let (before, beside) = (with(&["A", "B"]), with(&["A", "C"]));
    meanwhile.learn(&of, &before, &beside, &before);
    let back = meanwhile.put_back(&of, before.clone());
    meanwhile.wrote(&of, &back);
    // Beside that write, somebody did more, which it undid.
    meanwhile.learn(&of, &before, &with(&["A", "B", "D"]), &back);
    meanwhile.settle();
    assert_eq!(names(&meanwhile.put_back(&of, with(&["A", "B"]))), ["A", "B", "D"]);
    // Without a write, nothing was put back.
    meanwhile.settle();
    assert!(!meanwhile.is_nothing());
}

#[test]
fn who_wrote_between_two_tries_has_the_last_word_and_is_told() {
    let of = list();
    let ours = |names: &[&str]| with(&[names, &["MarkLine"]].concat());
    let mut meanwhile = Meanwhile::default();
    meanwhile.look(&of, &with(&["A", "B"]), true);
    meanwhile.learn(&of, &with(&["A", "B"]), &with(&["A", "C"]), &ours(&["A", "B"]));
    meanwhile.wrote(&of, &ours(&["A", "B"]));
    // What stacks write is no person's wish.
    for same in [ours(&["A", "B"]), with(&["B", "A"]), with(&["A", "B", "StackOther"])] {
        meanwhile.look(&of, &same, true);
        assert!(!meanwhile.is_nothing() && meanwhile.untold().is_empty());
    }
    meanwhile.look(&of, &with(&["B"]), true);
    assert!(meanwhile.is_nothing());
    let [told] = meanwhile.untold().as_slice() else { panic!("{meanwhile:?}") };
    assert!(told.ends_with("see whether it should have `C`, and not have `B`"), "{told}");
}

#[test]
fn what_may_have_been_undone_is_told_unless_it_is_there() {
    let of = list();
    let (before, beside, after) = (with(&["A", "B"]), with(&["A", "C"]), with(&["A", "B", "MarkLine"]));
    for (now, told) in [
        (with(&["A", "C"]), None),
        (with(&["A", "B", "C"]), Some("should not have `B`")),
        (with(&["A"]), Some("should have `C`")),
        (after.clone(), Some("should have `C`, and not have `B`")),
    ] {
        let mut meanwhile = Meanwhile::default();
        meanwhile.doubt(&of, &before, &beside, &after);
        assert!(meanwhile.is_nothing(), "nobody knows that it is to be put back");
        assert!(meanwhile.lost(&of).is_some_and(|lost| lost.ends_with("have `C`, and not have `B`")));
        meanwhile.look(&of, &now, false);
        assert_eq!(meanwhile.lost(&of), None);
        match (meanwhile.untold().as_slice(), told) {
            ([], None) => {}
            ([remark], Some(told)) => assert!(remark.ends_with(told), "{remark}"),
            (remarks, told) => panic!("{remarks:?} in the place of {told:?}"),
        }
    }
}

#[test]
fn what_is_shown_in_other_words_for_a_while_is_nobodys_edit() {
    let of = list();
    let learnt = |before: &Vec<Line>, beside: &Vec<Line>| {
        let mut meanwhile = Meanwhile::default();
        meanwhile.learn(&of, before, beside, before);
        !meanwhile.is_nothing()
    };
    let [written, shown, edited] = ["ARN", "ID", "other"].map(|says| saying("A", says));
    assert!(of.says_the_same(&written[0], &shown[0]));
    assert!(!learnt(&written, &shown) && !learnt(&shown, &written));
    assert!(learnt(&written, &edited), "something else is an edit");
}
