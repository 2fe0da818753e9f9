//! Handoffs that somebody confirmed. No run can see whether a handoff was carried out, so that somebody says it (`cloudgrant done`), and
//! the cloud remembers that by a mark: an object of the stack's own that names the handoff, and a digest of what was asked for.
//!
//! A mark is worth something for just what was confirmed: another document, or a principal that was made anew, is asked for again.
//! A mark also outlives the manifest's wish. What somebody did, somebody has to take back; until that is confirmed as well, it stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::contract::confirmed::Confirmed;
use crate::contract::object::{Desired, Handoff, Object, ObjectId, Ownership};
use crate::contract::observed::{Observed, Stays};
use crate::engine::Engine;
use crate::plan::confirmation::{Confirmation, HandoffNames, Mark};
use crate::plan::{Action, Change, Plan};
use crate::text::redact::quoted;
use crate::vocabulary::note::Note;

/// The kind of what a mark names and nothing that is linked in knows.
pub(super) const UNKNOWN: &str = "handoff";

/// The marks that are there, and what they are to what is wanted.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marks: BTreeMap<ObjectId, Mark>,
    /// Of these, those of handoffs that are wanted.
    wanted: HashMap<ObjectId, ObjectId>,
    /// Those of handoffs that nothing wants any more, and that nothing takes over.
    unwanted: BTreeSet<ObjectId>,
    unique_ids: BTreeMap<String, String>,
    /// The principals that a vendor made and the manifest names by now, as they were asked for, and when that was confirmed.
    vendor_made: BTreeMap<String, String>,
}

impl Engine {
    /// Takes the marks out of what is observed, so that none is taken for something that nothing wants. But the mark of what cloudgrant
    /// does by itself from now on goes like anything else that nothing wants, and so once that is done.
    pub(super) fn take_marks(&self, desired: &Desired, observed: &mut Observed) -> Marks {
        let confirmed = std::mem::take(&mut observed.confirmed);
        let mut unique_ids = std::mem::take(&mut observed.unique_ids);
        let handoffs = desired.objects.iter().filter_map(|object| object.handoff.as_ref());
        let named: HashSet<_> = handoffs.flat_map(|handoff| &handoff.principals).collect();
        unique_ids.retain(|principal, _| named.contains(principal));
        let mut marks = Marks { unique_ids, ..Marks::default() };
        if confirmed.is_empty() {
            return marks;
        }
        let vendor_made: Vec<_> =
            desired.vendor_made.iter().filter_map(|scope| self.platform.asked_for(scope)).collect();
        let (mut wanted, mut taken_over) = (HashMap::new(), HashSet::new());
        for Object { id, handoff, .. } in &desired.objects {
            match handoff {
                Some(_) => _ = wanted.insert((id.kind, id.name.as_str()), id),
                None => _ = taken_over.insert((id.kind, id.name.as_str())),
            }
        }
        taken_over.extend(desired.takes_over.iter().chain(&vendor_made).map(|id| (id.kind, id.name.as_str())));
        // The vendor made it for just that, and whatever else it got by that only its maker knows.
        let is_vendor_made = |named: &(&str, &str)| vendor_made.iter().any(|id| (id.kind, id.name.as_str()) == *named);
        for (mark, says) in confirmed {
            let named = says.as_ref().map(|says| (says.kind.as_str(), says.name.as_str()));
            let handoff = named.and_then(|named| wanted.get(&named));
            let is_taken_over = named.is_some_and(|named| taken_over.contains(&named) && !is_vendor_made(&named));
            if handoff.is_none() && self.baseline.is_none() && is_taken_over {
                continue;
            }
            if let (None, Some(says)) =
                (handoff, says.as_ref().filter(|says| is_vendor_made(&(&says.kind, &says.name))))
            {
                marks.vendor_made.insert(says.name.clone(), says.on.clone());
            }
            let Some(found) = observed.objects.remove(&mark) else { continue };
            match handoff {
                Some(handoff) => _ = marks.wanted.insert((*handoff).clone(), mark.clone()),
                None if named.is_some_and(|named| taken_over.contains(&named)) => {}
                None => _ = marks.unwanted.insert(mark.clone()),
            }
            marks.marks.insert(mark, Mark { attributes: found.attributes, says });
        }
        marks
    }

    /// Holds the handoffs of a plan against the marks: what is confirmed is nothing to do, and what nothing wants any more is to be
    /// taken back.
    pub(super) fn settle_handoffs(&self, plan: &mut Plan, marks: Marks) {
        let Marks { marks, wanted, unwanted, unique_ids, vendor_made } = marks;
        (plan.marks, plan.unique_ids) = (marks, unique_ids);
        for (name, on) in vendor_made {
            let message = format!(
                "its identity was made for a step that was confirmed on {on}, and cloudgrant doesn't see which roles its maker gave it for \
                 that: those of grants that are gone since are for its maker to take back"
            );
            plan.notes.push(Note::of_access(name, message));
        }
        if plan.marks.is_empty() {
            return;
        }
        let mut confirmed = Vec::new();
        for change in plan.changes.extract_if(.., |change| {
            let says = wanted.get(&change.id).and_then(|mark| plan.marks.get(mark)?.says.as_ref());
            let digest = change.handoff.as_ref().filter(|_| change.action == Action::Handoff);
            says.zip(digest).is_some_and(|(says, handoff)| says.document == handoff.digest(&plan.unique_ids))
        }) {
            let on = wanted.get(&change.id).and_then(|mark| plan.marks.get(mark)?.says.as_ref());
            let (Some(Confirmed { on, .. }), Some(handoff)) = (on.cloned(), change.handoff) else { continue };
            confirmed.push(Confirmation { object: change.id, because: change.because, on, handoff });
        }
        plan.confirmed = confirmed;
        for change in plan.changes.iter_mut().filter(|change| change.action == Action::Handoff) {
            let says = wanted.get(&change.id).and_then(|mark| plan.marks.get(mark)?.says.as_ref());
            // Where a principal is another one, what was done names one that is gone. A revoke tells by itself what gets smaller.
            let principals = change.handoff.as_ref().map(|handoff| handoff.digest_of_principals(&plan.unique_ids));
            let is_another_text = |says: &&Confirmed| principals.is_some_and(|same| says.document.ends_with(&same));
            if let (Some(says), None) = (says.filter(is_another_text), &self.baseline) {
                let reason = format!(
                    "it was confirmed on {} in another form, and what it had then and hasn't now is there until somebody takes that back: have it \
                     done as the plan shows it, and confirm that",
                    says.on
                );
                plan.stays.push(Stays { object: change.id.clone(), reason, is_empty: false });
            }
            change.warning = says.map(|says| {
                format!(
                    "it was confirmed on {} in another form, or a principal that it names was made anew since: it is to be done again, and what \
                     it had then and hasn't now is to be taken back",
                    says.on
                )
            });
        }
        let told: Vec<_> = unwanted.into_iter().map(|mark| self.unwanted(plan, mark)).collect();
        for (change, _) in &told {
            plan.changes.extend(change.clone());
        }
        let stays: Vec<_> = told.into_iter().map(|(change, says)| self.stays(plan, change, says)).collect();
        plan.stays.extend(stays);
        plan.stays.sort();
    }

    /// What is to be taken back, by a mark that nothing wants any more; nothing where nobody knows what that is.
    fn unwanted(&self, plan: &Plan, mark: ObjectId) -> (Option<Change>, (ObjectId, Option<Confirmed>)) {
        let says = plan.marks.get(&mark).and_then(|mark| mark.says.clone());
        let change = says.as_ref().map(|says| {
            let (id, handoff) = self.taken_back(&says.kind, &says.name);
            taking_back(id, handoff)
        });
        (change, (mark, says))
    }

    fn stays(&self, plan: &Plan, change: Option<Change>, (mark, says): (ObjectId, Option<Confirmed>)) -> Stays {
        let (Some(change), Some(says)) = (change, says) else {
            let reason = "it is the mark of a handoff that was confirmed, and somebody has edited it, so that nobody knows of which: \
                          find out what others were asked for, and have it taken back where nothing wants it any more; then delete \
                          the mark"
                .to_owned();
            return Stays { object: mark, reason, is_empty: true };
        };
        let name = quoted(&HandoffNames::of(plan).shortest(&change.id));
        let how = if self.thorough && !self.is_other_stack {
            // What is taken away may be in the manifest.
            format!("`cloudgrant done {name}` once it is out of the manifest, or else `cloudgrant done {name} --undo`")
        } else {
            format!("`cloudgrant done {name}`")
        };
        let reason = format!(
            "somebody else was asked for it, which was confirmed on {}, and nothing wants it any more: have it taken back as told \
             above, and then say so: {how}",
            says.on
        );
        Stays { object: change.id, reason, is_empty: false }
    }

    /// How what was handed off is taken back, as whoever knows its kind says.
    pub(super) fn taken_back(&self, kind: &str, name: &str) -> (ObjectId, Handoff) {
        let known = self.provider.taken_back(kind, name).or_else(|| self.platform.taken_back(kind, name));
        let (id, handoff) = known.unwrap_or_else(|| {
            let task = "take back what they were asked for";
            let document = format!("Take back: {kind} {name}\n");
            (
                ObjectId::new(UNKNOWN, format!("{kind} {name}")),
                Handoff::unseen("whoever was asked for it", task, document),
            )
        });
        (id, handoff.taking_back())
    }

    /// Tells of handoffs that stay wanted with less in them: what was confirmed may have given what is revoked.
    pub(super) fn tell_less(&self, plan: &mut Plan) {
        let marked: HashMap<_, _> = plan
            .marks
            .values()
            .filter_map(|mark| mark.says.as_ref())
            .map(|says| ((says.kind.as_str(), says.name.as_str()), says))
            .collect();
        let names = HandoffNames::of(plan);
        let less = plan.changes.iter().filter_map(|change| {
            let handoff = change.handoff.as_ref().filter(|handoff| !handoff.takes_back)?;
            let says = marked.get(&(change.id.kind, change.id.name.as_str()))?;
            let name = quoted(&names.shortest(&change.id));
            let reason = format!(
                "{} was asked to {}, which was confirmed on {} with what is revoked in it: have that taken back, as the document above is \
                 without it; then take it out of the manifest, and say so: `cloudgrant done {name}`",
                handoff.to, handoff.task, says.on
            );
            Some(Stays { object: change.id.clone(), reason, is_empty: false })
        });
        let less: Vec<_> = less.collect();
        plan.stays.extend(less);
        plan.stays.sort();
    }
}

/// A change by which somebody is asked to take something back.
pub(super) fn taking_back(id: ObjectId, handoff: Handoff) -> Change {
    Change {
        action: Action::Handoff,
        ownership: Ownership::Fragment { of: format!("what {} did", handoff.to) },
        id,
        because: Vec::new(),
        before: None,
        after: None,
        known_after_apply: Vec::new(),
        depends_on: Vec::new(),
        handoff: Some(handoff),
        warning: None,
    }
}
