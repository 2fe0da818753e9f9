//! What the handoffs of a plan are called where somebody confirms one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::contract::error::diagnostic::nearest;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::ObjectId;
use crate::contract::object::change::{Action, Change};
use crate::plan::whole::Plan;
use crate::text::listed::listed;
use crate::vocabulary::intent::IntentId;

/// How many handoffs are named in an error.
const NAMED: usize = 12;

/// What the handoffs of a plan are called.
#[derive(Debug)]
pub struct HandoffNames<'a> {
    /// With the intents for which each is.
    handoffs: BTreeMap<&'a ObjectId, &'a [IntentId]>,
    /// Those that a plan sees by itself: nobody confirms them.
    seen: BTreeSet<&'a ObjectId>,
    /// How many of them each name may mean.
    meant: HashMap<String, usize>,
}

/// What stands for an object, from the shortest to the one that no other has.
fn names(id: &ObjectId) -> Vec<String> {
    let short = id.name.rsplit_once('#').map_or(id.name.as_str(), |(_, last)| last);
    let mut names = vec![short.to_owned(), id.name.clone(), format!("{}/{}", id.kind, id.name)];
    names.dedup();
    names
}

impl<'a> HandoffNames<'a> {
    /// Of the handoffs of a plan, done and to be done.
    pub fn of(plan: &'a Plan) -> Self {
        let open = || plan.changes.iter().filter(|change| change.action == Action::Handoff);
        let is_seen = |change: &&Change| change.handoff.as_ref().is_some_and(|handoff| handoff.verifiable);
        let seen = open().filter(is_seen).map(|change| &change.id).collect();
        let open = open().map(|change| (&change.id, change.because.as_slice()));
        let done = plan.confirmed.iter().map(|one| (&one.object, one.because.as_slice()));
        let handoffs: BTreeMap<_, _> = open.chain(done).collect();
        let mut meant = HashMap::with_capacity(handoffs.len());
        for name in handoffs.keys().flat_map(|id| names(id)) {
            *meant.entry(name).or_default() += 1;
        }
        Self { handoffs, seen, meant }
    }

    /// The shortest name that means this one alone.
    pub fn shortest(&self, id: &ObjectId) -> String {
        let mut names = names(id);
        let at = names.iter().position(|name| self.meant.get(name).is_none_or(|meant| *meant <= 1));
        names.swap_remove(at.unwrap_or(names.len() - 1))
    }

    /// Those that somebody may confirm.
    pub fn confirmable(&self) -> Vec<String> {
        self.handoffs.keys().filter(|id| !self.seen.contains(*id)).map(|id| self.shortest(id)).collect()
    }

    /// The one that a name means: its own, or that of the only grant or registry for which it is.
    ///
    /// # Errors
    /// None has it, or several have: which there are.
    pub fn find(&self, name: &str) -> Result<&'a ObjectId> {
        let is_of_name = |id: &&ObjectId| names(id).iter().any(|one| one == name);
        let by_name: Vec<_> = self.handoffs.keys().copied().filter(is_of_name).collect();
        let is_called = |intent: &IntentId| match intent {
            IntentId::Grant(grant) => grant.as_str() == name,
            IntentId::Registry(registry) => registry.as_str() == name,
            IntentId::Binding(_) => false,
        };
        let of_intent = self.handoffs.iter().filter(|(_, because)| because.iter().any(is_called));
        let found = if by_name.is_empty() { of_intent.map(|(id, _)| *id).collect() } else { by_name };
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(self.unknown(name)),
            several => {
                let longer = listed(several.iter().map(|id| self.shortest(id)), NAMED);
                let message = format!("`{name}` may be any of {} handoffs", several.len());
                Err(Error::new(ErrorKind::Usage, message).hint(format!("name one of them: {longer}")))
            }
        }
    }

    fn unknown(&self, name: &str) -> Error {
        if self.handoffs.is_empty() {
            return Error::new(ErrorKind::Usage, format!("`{name}` is no handoff: this manifest's plan has none"));
        }
        let all = self.confirmable();
        let message = format!("`{name}` is no handoff of this manifest's plan that waits for somebody's word");
        let error = Error::new(ErrorKind::Usage, message);
        if all.is_empty() {
            return error.hint("whether its steps are done, a plan sees by itself: `cloudgrant plan`");
        }
        let there = format!("there are {}", listed(all.iter(), NAMED));
        error.hint(match nearest(name, all.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? {there}"),
            None => there,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::object::{Handoff, Ownership};
    use crate::vocabulary::names::{GrantName, Stack};

    fn handoff(id: ObjectId) -> Change {
        Change {
            action: Action::Handoff,
            id,
            because: Vec::new(),
            before: None,
            after: None,
            known_after_apply: Vec::new(),
            ownership: Ownership::Fragment { of: "theirs".to_owned() },
            depends_on: Vec::new(),
            handoff: Some(Handoff::unseen("them", "do it", "as follows")),
            warning: None,
        }
    }

    fn plan(ids: &[(&'static str, &str)]) -> Plan {
        let changes = ids.iter().map(|(kind, name)| handoff(ObjectId::new(kind, *name))).collect();
        Plan::new("fake", Stack::parse("acme").expect("a stack"), changes, 0, Vec::new())
    }

    #[test]
    fn a_handoff_is_called_by_the_shortest_name_that_no_other_has() {
        let plan = plan(&[("statement", "arn:a#Pull"), ("statement", "arn:b#Pull"), ("key", "arn:b#Key"), ("x", "y")]);
        let names = HandoffNames::of(&plan);
        assert_eq!(names.confirmable(), ["Key", "arn:a#Pull", "arn:b#Pull", "y"]);
        assert_eq!(names.find("Key").expect("one").kind, "key");
        assert_eq!(names.find("x/y").expect("one").name, "y");
        let several = names.find("Pull").expect_err("two");
        assert!(several.to_string().contains("2 handoffs"), "{several}");
        assert_eq!(several.hint_text(), Some("name one of them: arn:a#Pull, arn:b#Pull"));
        let unknown = names.find("Kez").expect_err("none");
        let hint = unknown.hint_text().unwrap_or_default().to_owned();
        assert!(hint.contains("did you mean `Key`?") && hint.contains("arn:a#Pull"), "{hint}");
    }

    /// What would be refused isn't offered.
    #[test]
    fn one_that_a_plan_sees_by_itself_is_found_and_never_offered() {
        let mut plan = plan(&[("statement", "seen"), ("statement", "unseen")]);
        let seen = |handoff: Handoff| Handoff { verifiable: true, ..handoff };
        plan.changes[0].handoff = plan.changes[0].handoff.take().map(seen);
        let names = HandoffNames::of(&plan);
        assert_eq!(names.find("seen").expect("one").name, "seen");
        assert_eq!(names.confirmable(), ["unseen"]);
        let unknown = names.find("other").expect_err("none");
        assert_eq!(unknown.hint_text(), Some("there are unseen"));
        plan.changes.truncate(1);
        let nothing = HandoffNames::of(&plan).find("other").expect_err("none");
        assert!(nothing.hint_text().is_some_and(|hint| hint.contains("a plan sees by itself")), "{nothing}");
    }

    #[test]
    fn one_that_is_alone_for_a_grant_goes_by_its_name_as_well() {
        let mut plan = plan(&[("statement", "arn:a#Pull"), ("statement", "arn:b#Pull")]);
        plan.changes[0].because.push(IntentId::Grant(GrantName::parse("train").expect("a name")));
        assert_eq!(HandoffNames::of(&plan).find("train").expect("one").name, "arn:a#Pull");
        assert!(HandoffNames::of(&plan).find("other").is_err());
        plan.changes[1].because.push(IntentId::Grant(GrantName::parse("train").expect("a name")));
        assert!(HandoffNames::of(&plan).find("train").is_err(), "it may be either");
        let empty = self::plan(&[]);
        let none = HandoffNames::of(&empty).find("train").expect_err("none").to_string();
        assert!(none.contains("this manifest's plan has none"), "{none}");
    }
}
