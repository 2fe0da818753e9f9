//! What a person does to a document that others write too.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::documents::{Clients, Document};
use super::log::Calls;
use super::statements;
use crate::cloud::{Losses, State};
use crate::random::Random;

/// How often a person tries an edit that is refused.
const TRIES: usize = 20;
/// How many statements the person puts in and takes out.
const STATEMENTS: usize = 3;
/// What begins with this is the person's.
pub(super) const MARK: &str = "Person";

/// A document, and what of it is the person's.
pub(super) struct Edited {
    clients: Clients,
    document: Document,
    /// By Sid, whether the statement should be there.
    statements: BTreeMap<String, bool>,
    reads: usize,
    writes: usize,
    /// Statements that were not as the person left them: before which write, at which reading.
    missing: Vec<(usize, usize)>,
}

impl Edited {
    pub(super) fn new(clients: Clients, document: Document) -> Self {
        Self { clients, document, statements: BTreeMap::new(), reads: 0, writes: 0, missing: Vec::new() }
    }

    /// Reads, changes, writes: as the console does it, with all of the person's own statements as they should be.
    pub(super) async fn edit(&mut self, random: &mut Random) {
        let sid = format!("{MARK}{}", random.below(STATEMENTS));
        let mut there = self.statements.clone();
        there.entry(sid).and_modify(|there| *there = !*there).or_insert(true);
        for _ in 0..TRIES {
            let mut policy = self.read().await;
            let mut all = statements(&policy);
            all.retain(|statement| !is_the_persons(statement));
            all.extend(there.iter().filter(|(_, there)| **there).map(|(sid, _)| self.document.foreign(sid)));
            policy["Statement"] = all.into();
            // Refused, where since the person's reading somebody's statement has gone, and the role that it names. Or it is
            // there and the role isn't, once two runs of one stack have wanted different things at the same time: then
            // nobody can write the policy until the next run.
            if self.clients.put(self.document, &policy).await {
                self.statements = there;
                self.writes += 1;
                return;
            }
        }
    }

    async fn read(&mut self) -> Value {
        let policy = self.clients.policy(self.document).await;
        self.reads += 1;
        if self.is_wrong(&policy) {
            self.missing.push((self.writes, self.reads));
        }
        policy
    }

    fn is_wrong(&self, policy: &Value) -> bool {
        self.wrong(policy).next().is_some()
    }

    /// The person's statements that are not as the person left them.
    fn wrong(&self, policy: &Value) -> impl Iterator<Item = &str> {
        let now = sids(policy);
        self.statements.iter().filter(move |(sid, there)| now.contains(*sid) != **there).map(|(sid, _)| sid.as_str())
    }

    /// What is lost of it, or there again.
    pub(super) fn losses(&self, state: &State, log: &[Value], told: &[String]) -> Losses {
        let mut losses = Losses { writes: self.writes, for_a_time: self.missing.len(), ..Losses::default() };
        let calls = Calls::read(log, self.document);
        let in_window = |(write, reading): (usize, usize)| calls.in_window(write, reading);
        let policy = &state[self.document.entity()]["policy"];
        if self.is_wrong(policy) {
            let what = format!("statements {:?} in {policy}", self.statements);
            let unseen = |sid: &str| calls.was_too_early(sid) || calls.was_unseen(sid);
            // A policy that names a deleted role is refused, whoever writes it, until that role's stack runs again.
            let is_told = |sid: &str| told.iter().any(|told| told.contains(&format!("`{sid}`")));
            if in_window((self.writes, usize::MAX)) || self.wrong(policy).all(unseen) {
                losses.in_window.push(what);
            } else if self.wrong(policy).all(|sid| unseen(sid) || is_told(sid)) {
                losses.told.push(what);
            } else {
                losses.inexcusable.push(format!("{what}\n{calls}"));
            }
        }
        losses.mended = self.missing.iter().filter(|missing| in_window(**missing)).count();
        losses
    }

    /// The state without what is the person's in it.
    pub(super) fn take_out(&self, state: &mut State) {
        if let Some(entity) = state.get_mut(self.document.entity())
            && entity["policy"].is_object()
        {
            let mut all = statements(&entity["policy"]);
            all.retain(|statement| !is_the_persons(statement));
            entity["policy"]["Statement"] = all.into();
        }
    }
}

/// The Sids of the person's statements in a policy.
pub(super) fn sids(policy: &Value) -> BTreeSet<String> {
    let persons = statements(policy).into_iter().filter(is_the_persons);
    persons.filter_map(|statement| statement["Sid"].as_str().map(str::to_owned)).collect()
}

fn is_the_persons(statement: &Value) -> bool {
    statement["Sid"].as_str().is_some_and(|sid| sid.starts_with(MARK))
}
