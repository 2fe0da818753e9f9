//! The digest of a plan, by which what was approved and what was done can be matched.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::Change;
use crate::plan::whole::Plan;

impl Plan {
    /// Sixty-four hexadecimal digits that stand for what carrying it out comes to: each change with what is there and what will be, the
    /// steps of others with their documents, what stays, what others widened, what doesn't work, and what couldn't be searched. Two plans have
    /// the same if and only if they agree in all of it, in whatever order and whenever they were made.
    ///
    /// Sentences that explain a plan aren't in it: they name commands with the options of the run that shows it.
    pub fn digest(&self) -> String {
        let mut parts: Vec<[u8; 32]> = self.changes.iter().map(|change| of_value(of_change(change))).collect();
        // One beside the other in any order: what is read side by side comes in none.
        parts.sort_unstable();
        let rest = json!({
            "provider": self.provider,
            "stack": self.stack,
            "stays": self.stays.iter().map(|it| &it.object).collect::<Vec<_>>(),
            "widened": self.widened.iter().map(|it| &it.object).collect::<Vec<_>>(),
            "broken": self.broken.iter().map(|it| (&it.note.about, &it.objects)).collect::<Vec<_>>(),
            "unsearched": self.unsearched.iter().map(|it| &it.place).collect::<Vec<_>>(),
            "is_compared": self.is_compared,
        });
        let mut whole = Sha256::new();
        whole.update(of_value(rest));
        parts.iter().for_each(|part| whole.update(part));
        hex::encode(whole.finalize())
    }
}

fn of_change(change: &Change) -> Value {
    json!({
        "action": change.action,
        "kind": change.id.kind,
        "name": change.id.name,
        "because": change.because,
        "before": change.before.as_ref().map(Attributes::value),
        "after": change.after.as_ref().map(Attributes::value),
        "known_after_apply": change.known_after_apply,
        "depends_on": change.depends_on.iter().map(|id| (id.kind, &id.name)).collect::<Vec<_>>(),
        "handoff": change.handoff.as_ref().map(|it| (&it.to, &it.document, it.takes_back)),
    })
}

/// Keys have no order: a cloud may give them in another one each time.
fn of_value(mut value: Value) -> [u8; 32] {
    value.sort_all_objects();
    Sha256::digest(value.to_string().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use crate::contract::object::change::Action;
    use crate::contract::object::observed::Unsearched;
    use crate::contract::object::{Handoff, ObjectId};
    use crate::vocabulary::names::Stack;

    use super::*;

    fn change(name: &str, after: Value) -> Change {
        Change {
            action: Action::Create,
            id: ObjectId::new("role", name),
            because: Vec::new(),
            before: None,
            after: Some(after.into()),
            known_after_apply: Vec::new(),
            ownership: crate::contract::object::Ownership::Exclusive,
            depends_on: Vec::new(),
            handoff: None,
            warning: None,
        }
    }

    fn plan(changes: Vec<Change>) -> Plan {
        Plan::new("aws", Stack::parse("acme").expect("a name"), changes, 0, Vec::new())
    }

    #[test]
    fn it_stands_for_what_is_done_in_whatever_order() {
        let (one, other) = (change("a", json!({ "x": 1, "y": [1, 2] })), change("b", json!({})));
        let digest = plan(vec![one.clone(), other.clone()]).digest();
        assert_eq!(digest.len(), 64);
        let turned = change("a", json!({ "y": [1, 2], "x": 1 }));
        assert_eq!(digest, plan(vec![other.clone(), turned]).digest());
        let mut explained = plan(vec![one.clone(), other.clone()]);
        explained.notes.push(crate::vocabulary::note::Note::warning("x", "because"));
        assert_eq!(digest, explained.digest(), "a note changes nothing that is done");
        let warned = Change { warning: Some("careful".to_owned()), ..one.clone() };
        assert_eq!(digest, plan(vec![warned, other.clone()]).digest());

        let asked = |task: &str| Change {
            handoff: Some(Handoff::unseen("them", task, "as follows")),
            ..change("c", json!({}))
        };
        assert_eq!(plan(vec![asked("see `cloudgrant plan`")]).digest(), plan(vec![asked("otherwise")]).digest());
        let other_document = Handoff::unseen("them", "see `cloudgrant plan`", "otherwise");
        let asked_otherwise = Change { handoff: Some(other_document), ..asked("") };
        assert_ne!(plan(vec![asked("")]).digest(), plan(vec![asked_otherwise]).digest());

        let mut unsearched = plan(vec![one.clone(), other.clone()]);
        unsearched.unsearched.push(Unsearched { place: "x".to_owned(), reason: "y".to_owned() });
        for differing in [
            unsearched,
            plan(vec![one.clone()]),
            plan(vec![one.clone(), Change { action: Action::Delete, ..other.clone() }]),
            plan(vec![change("a", json!({ "x": 1, "y": [2, 1] })), other.clone()]),
            plan(vec![Change { before: Some(json!({}).into()), ..one.clone() }, other.clone()]),
            plan(vec![Change { depends_on: vec![other.id.clone()], ..one }, other]),
        ] {
            assert_ne!(digest, differing.digest());
        }
    }
}
