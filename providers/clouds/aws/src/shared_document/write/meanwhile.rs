//! What others did to a policy that a write of ours undid.

use crate::names;
use crate::shared_document::Shared;
use crate::shared_document::merge::{Policy, Statement};
use crate::shared_document::write::deleted_principals::is_dead_id;
use crate::shared_document::write::{is_of_ours, statements};

/// What others did to a policy between our reading and our writing, so that our write undid it.
#[derive(Debug, Default)]
pub(crate) struct Meanwhile {
    added: Vec<Statement>,
    removed: Vec<Statement>,
    /// What of both the last write put back.
    is_back: Vec<Statement>,
    /// What people's statements were when the policy was last read or written here.
    peoples: Option<Vec<Statement>>,
    /// What a reading showed that may have come before our write or after somebody's next one.
    doubted: Vec<Doubted>,
    /// What was forgotten without being as they made it, until a report has it.
    untold: Vec<String>,
}

/// A statement of others that a reading showed, or didn't show, when our write may have undone that.
#[derive(Debug)]
struct Doubted {
    statement: Statement,
    is_there: bool,
}

impl Meanwhile {
    /// Remembers what a write undid: what differs between the readings before it and beside it, but for what it brought
    /// along anyway. Not so this stack's own statements: what becomes of those, its changes say, each of which looks after
    /// its own.
    pub(super) fn learn(
        &mut self,
        before: Option<&Policy>,
        beside: Option<&Policy>,
        after: Option<&Policy>,
        mark: &str,
    ) {
        let (before, beside, after) = (statements(before), statements(beside), statements(after));
        let others = |statement: &&Statement| !is_of_ours(statement, mark);
        for statement in beside.iter().filter(others).filter(|statement| !is_in(before, statement)) {
            self.removed.retain(|known| known != statement);
            // The last form of a statement counts: Sids are unique within a policy.
            self.added.retain(|known| known != statement && !has_same_sid(known, statement));
            if !is_in(after, statement) {
                self.is_back.retain(|known| known != statement);
                self.added.push(statement.clone());
            }
        }
        for statement in before.iter().filter(others).filter(|statement| !is_in(beside, statement)) {
            self.added.retain(|known| known != statement);
            self.removed.retain(|known| known != statement);
            if after.contains(statement) {
                self.is_back.retain(|known| known != statement);
                self.removed.push(statement.clone());
            }
        }
    }

    /// Remembers what a reading shows of which nobody knows whether it came before our write, so that this undid it, or after
    /// it: answers on two connections may arrive in another order than the requests were carried out in.
    pub(super) fn doubt(
        &mut self,
        before: Option<&Policy>,
        beside: Option<&Policy>,
        after: Option<&Policy>,
        mark: &str,
    ) {
        let mut undone = Self::default();
        undone.learn(before, beside, after, mark);
        let doubted = |is_there| move |statement| Doubted { statement, is_there };
        let removed = undone.removed.into_iter().map(doubted(false));
        self.doubted.extend(undone.added.into_iter().map(doubted(true)).chain(removed));
    }

    /// Remembers that AWS took a policy in which all of it is put back.
    pub(super) fn wrote(&mut self, after: Option<&Policy>) {
        self.is_back = self.added.iter().chain(&self.removed).cloned().collect();
        self.peoples = Some(peoples(after));
    }

    /// Forgets what was put back, once a reading came after that write: what becomes of it from then on is somebody's wish,
    /// or the doing of another run, which looks after what it overwrites.
    pub(super) fn settle(&mut self) {
        let Self { added, removed, is_back, .. } = self;
        added.retain(|statement| !is_back.contains(statement));
        removed.retain(|statement| !is_back.contains(statement));
        is_back.clear();
    }

    /// Remembers what a reading shows of people's statements. Where a try begins with that, and they aren't what the try
    /// before left, somebody has written since and has the last word: it forgets everything, and the report says
    /// what to look at.
    pub(super) fn look(&mut self, policy: Option<&Policy>, begins: bool, shared: &Shared) {
        let now = peoples(policy);
        let is_same = |before: &Vec<Statement>| {
            before.len() == now.len() && before.iter().all(|statement| is_in(&now, statement))
        };
        let is_written = self.peoples.as_ref().is_some_and(|before| !is_same(before));
        self.peoples = Some(now);
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for doubted in std::mem::take(&mut self.doubted) {
            match (doubted.is_there, is_in(statements(policy), &doubted.statement)) {
                (true, false) => added.push(doubted.statement),
                (false, true) => removed.push(doubted.statement),
                (true, true) | (false, false) => {}
            }
        }
        self.untold.extend(named(shared, &added, &removed, AND_SINCE));
        if begins && is_written {
            self.give_up(shared);
        }
    }

    /// Forgets everything, and remembers for a report what isn't as they made it.
    fn give_up(&mut self, shared: &Shared) {
        self.untold.extend(named(shared, &self.added, &self.removed, AND_SINCE));
        self.added.clear();
        self.removed.clear();
        self.is_back.clear();
    }

    /// What no report has yet of what was forgotten.
    pub(super) fn untold(&mut self) -> &mut Vec<String> {
        &mut self.untold
    }

    /// Remembers what a change remarked that failed, and may be tried again: the report of the next try has it.
    pub(super) fn remember(&mut self, remarks: Vec<String>) {
        let new: Vec<_> = remarks.into_iter().filter(|remark| !self.untold.contains(remark)).collect();
        self.untold.extend(new);
    }

    /// Forgets what is as they made it, or has another form by now that isn't known to be an old one. Where any of it is
    /// so although it wasn't in what we `wrote`, it gives up the rest: somebody has written since, and has the last word.
    pub(super) fn forget(&mut self, policy: Option<&Policy>, wrote: Option<&[Statement]>, shared: &Shared) {
        let now = statements(policy);
        let Self { added, removed, .. } = self;
        let is_last_word = |wrote: &[Statement]| {
            added.iter().any(|one| now.contains(one) && !wrote.contains(one))
                || removed.iter().any(|one| !now.contains(one) && wrote.contains(one))
        };
        let is_last_word = wrote.is_some_and(is_last_word);
        added.retain(|statement| {
            let other = now.iter().find(|known| has_same_sid(known, statement));
            !now.contains(statement) && other.is_none_or(|other| removed.contains(other))
        });
        removed.retain(|statement| now.contains(statement));
        if is_last_word {
            self.give_up(shared);
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// What is put back, for the report: that nobody edits a policy in silence, and that an edit which was only seen in an old
    /// reading can be taken back.
    pub(super) fn told(&self, shared: &Shared) -> Vec<String> {
        let (noun, name) = (shared.noun(), shared.name());
        let sid = |statement: &Statement| statement.sid().unwrap_or("without Sid").to_owned();
        let added = self.added.iter().map(|statement| {
            format!(
                "somebody else wrote the policy of {noun} {name} at the same time, and their statement `{}` was put back: if it \
                 should be gone, take it out again",
                sid(statement)
            )
        });
        let removed = self.removed.iter().map(|statement| {
            format!(
                "somebody else wrote the policy of {noun} {name} at the same time, and their statement `{}`, which they took \
                 out, was taken out once more: if it should be there, put it in again",
                sid(statement)
            )
        });
        added.chain(removed).collect()
    }

    /// What isn't as others made it, for an error: nobody's edit is lost in silence. `None` where there is no such thing.
    pub(super) fn lost(&self, shared: &Shared) -> Option<String> {
        let doubted = |there| {
            let doubted = self.doubted.iter().filter(move |doubted| doubted.is_there == there);
            doubted.map(|doubted| doubted.statement.clone())
        };
        let added: Vec<_> = self.added.iter().cloned().chain(doubted(true)).collect();
        let removed: Vec<_> = self.removed.iter().cloned().chain(doubted(false)).collect();
        named(shared, &added, &removed, "and it isn't as they made it: it should")
    }

    /// The policy as they made it.
    pub(super) fn put_back(&self, policy: Option<Policy>) -> Option<Policy> {
        if self.is_nothing() {
            return policy;
        }
        let mut policy = policy.unwrap_or_default();
        policy.statements.retain(|statement| !self.removed.contains(statement));
        policy.statements.extend(self.added.iter().cloned());
        Some(policy)
    }
}

/// What is said of what others wrote over what is told.
const AND_SINCE: &str = "and once more since: see whether it should";

/// Which statements a policy should have, and should not have. `None` where there are none.
fn named(shared: &Shared, added: &[Statement], removed: &[Statement], so: &str) -> Option<String> {
    let sids = |statements: &[Statement]| {
        let sids = statements.iter().map(|statement| format!("`{}`", statement.sid().unwrap_or("without Sid")));
        sids.collect::<Vec<_>>().join(", ")
    };
    let added = (!added.is_empty()).then(|| format!("have {}", sids(added)));
    let removed = (!removed.is_empty()).then(|| format!("not have {}", sids(removed)));
    let what: Vec<_> = added.into_iter().chain(removed).collect();
    (!what.is_empty()).then(|| {
        let (noun, name, what) = (shared.noun(), shared.name(), what.join(", and "));
        format!("somebody else wrote the policy of {noun} {name} at the same time, {so} {what}")
    })
}

/// The statements that no stack of cloudgrant's wrote.
fn peoples(policy: Option<&Policy>) -> Vec<Statement> {
    let is_a_stack_s = |statement: &&Statement| statement.sid().is_some_and(|sid| sid.contains(names::STACK));
    statements(policy).iter().filter(|statement| !is_a_stack_s(statement)).cloned().collect()
}

/// Whether it is among them, under whatever IDs AWS shows its principals for now.
fn is_in(statements: &[Statement], statement: &Statement) -> bool {
    let is_shown = |other: &Statement| other.sid() == statement.sid() && other.is_but_for_ids(statement, is_dead_id);
    statements.contains(statement) || statements.iter().any(is_shown)
}

fn has_same_sid(one: &Statement, other: &Statement) -> bool {
    one.sid().is_some() && one.sid() == other.sid()
}

#[cfg(test)]
mod tests {
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
        meanwhile.learn(
            Some(&with(&["A", "AllowPullMark"])),
            Some(&with(&["B", "AllowPullMark"])),
            back.as_ref(),
            MARK,
        );
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
        assert!(
            learnt(&by_arn, &named(&json!("arn:aws:iam::111122223333:role/y"), "ecr:Get")),
            "another role is an edit"
        );
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
}
