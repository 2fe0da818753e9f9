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
mod tests;
