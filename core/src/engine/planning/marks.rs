//! Handoffs that somebody confirmed. No run can see whether a handoff was carried out, so that somebody says it (`cloudgrant done`), and
//! the cloud remembers that by a mark: an object of the stack's own that names the handoff, and a digest of what was asked for.
//!
//! A mark is worth something for just what was confirmed: another document, or a principal that was made anew, is asked for again.
//! A mark also outlives the manifest's wish. What somebody did, somebody has to take back; until that is confirmed as well, it stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::contract::object::change::{Action, Change};
use crate::contract::object::confirmed::Confirmed;
use crate::contract::object::desired::Desired;
use crate::contract::object::how_asked::{HandedOff, HowAsked};
use crate::contract::object::observed::{Observed, Stays};
use crate::contract::object::{Handoff, Object, ObjectId, Ownership};
use crate::contract::platform::PlatformContext;
use crate::contract::registry::platforms;
use crate::engine::setup::Engine;
use crate::plan::Plan;
use crate::plan::confirmation::{Confirmation, Mark};
use crate::plan::handoff_names::HandoffNames;
use crate::text::redact::quoted;
use crate::vocabulary::note::Note;
use crate::vocabulary::scope::Scope;
use crate::vocabulary::tenancy::Tenancy;

/// The kind of what a mark names and nothing that is linked in knows.
const UNKNOWN: &str = "handoff";
/// How many digits tell what is to be taken back from what has the same name.
const DIGITS_OF_ANOTHER: usize = 8;

/// The marks that are there, and what they are to what is wanted.
#[derive(Debug, Default)]
pub(in crate::engine) struct Marks {
    marks: BTreeMap<ObjectId, Mark>,
    /// Of these, those of handoffs that are wanted.
    wanted: HashMap<ObjectId, ObjectId>,
    /// Those of handoffs that nothing wants any more, and that nothing takes over.
    unwanted: BTreeSet<ObjectId>,
    /// What those are to be that somebody has edited: they give nobody anything.
    pub(in crate::engine) emptied: Vec<Object>,
    unique_ids: BTreeMap<String, String>,
    /// The principals that a vendor made and the manifest names by now, as they were asked for, and when that was confirmed.
    vendor_made: BTreeMap<String, String>,
}

impl Engine {
    /// Takes the marks out of what is observed, so that none is taken for something that nothing wants. But the mark of what cloudgrant
    /// does by itself from now on goes like anything else that nothing wants, and so once that is done.
    pub(in crate::engine) fn take_marks(&self, desired: &Desired, observed: &mut Observed) -> Marks {
        let confirmed = std::mem::take(&mut observed.confirmed);
        let mut unique_ids = std::mem::take(&mut observed.unique_ids);
        let handoffs = desired.objects.iter().filter_map(|object| object.handoff.as_ref());
        let named: HashSet<_> = handoffs.flat_map(|handoff| &handoff.principals).collect();
        unique_ids.retain(|principal, _| named.contains(principal));
        let mut marks = Marks { unique_ids, ..Marks::default() };
        if confirmed.is_empty() {
            return marks;
        }
        let vendor_made: BTreeSet<_> = desired.vendor_made.iter().filter_map(|scope| self.asked_for(scope)).collect();
        let takes_over = || desired.takes_over.iter().chain(&vendor_made);
        let mut wanted: HashMap<(&str, &str), HandedOff> = HashMap::new();
        let mut taken_over: HashSet<(&str, &str)> = HashSet::new();
        for Object { id, handoff, .. } in &desired.objects {
            match handoff {
                Some(Handoff { how, .. }) => {
                    let handed_off = HandedOff { object: id.clone(), how: how.clone() };
                    _ = wanted.insert((id.kind, id.name.as_str()), handed_off);
                }
                None => _ = taken_over.insert((id.kind, id.name.as_str())),
            }
        }
        // Where a mark says how it was asked for, it comes before one of the same object that doesn't.
        let says_how = |says: &Option<Confirmed>| says.as_ref().is_some_and(|says| !says.how.is_empty());
        let mut traces = Vec::new();
        let (first, last): (Vec<_>, Vec<_>) = confirmed.into_iter().partition(|(_, says)| says_how(says));
        for (mark, says) in first.into_iter().chain(last) {
            let named = says.as_ref().map(|says| (says.kind.as_str(), says.name.as_str()));
            let is_of = |handed_off: &&HandedOff| says.as_ref().is_some_and(|says| says.is_of(handed_off));
            let handoff = named.and_then(|named| wanted.get(&named)).filter(is_of);
            // The vendor made it for just that, and whatever else it got by that only its maker knows.
            let is_vendor_made = vendor_made.iter().any(|one| is_of(&one));
            let is_taken_over =
                named.is_some_and(|named| taken_over.contains(&named)) || takes_over().any(|one| is_of(&one));
            let is_marked = handoff.is_some_and(|handoff| marks.wanted.contains_key(&handoff.object));
            if self.baseline.is_none() && (is_marked || handoff.is_none() && is_taken_over && !is_vendor_made) {
                continue;
            }
            if let (None, true, Some(says)) = (handoff, is_vendor_made, &says) {
                marks.vendor_made.insert(says.name.clone(), says.on.clone());
            }
            let of = handoff.map(|handoff| handoff.object.clone());
            if says.as_ref().is_some_and(|says| says.taken_back) {
                traces.push((mark, says, of));
                continue;
            }
            let Some(found) = observed.objects.remove(&mark) else { continue };
            let emptied = says.is_none().then(|| self.provider.edited_confirmation(&mark)).flatten();
            if let Some(emptied) = emptied.filter(|_| self.baseline.is_none()) {
                observed.objects.insert(mark.clone(), found.clone());
                marks.emptied.push(emptied);
            }
            match handoff {
                Some(_) if is_marked => {}
                Some(handoff) => _ = marks.wanted.insert(handoff.object.clone(), mark.clone()),
                None if is_taken_over => {}
                None => _ = marks.unwanted.insert(mark.clone()),
            }
            marks.marks.insert(mark, Mark { attributes: found.attributes, says, of });
        }
        // What was taken back is remembered for as long as something stays for what may have been done.
        let may_stay = !(marks.unwanted.is_empty() && observed.stays.is_empty());
        let is_needed = self.baseline.is_some() || self.is_other_stack && may_stay;
        for (mark, says, of) in traces.into_iter().filter(|(.., of)| is_needed || of.is_some()) {
            if let Some(found) = observed.objects.remove(&mark) {
                marks.marks.insert(mark, Mark { attributes: found.attributes, says, of });
            }
        }
        marks
    }

    /// The handoff by which the platform's vendor is asked for the principal of a scope.
    fn asked_for(&self, scope: &Scope) -> Option<HandedOff> {
        let HandedOff { object, how } = self.platform.asked_for(scope)?;
        Some(HandedOff { object, how: how.with(HowAsked::PLATFORM, &self.platform.tenancy().kind) })
    }

    /// Holds the handoffs of a plan against the marks: what is confirmed is nothing to do, and what nothing wants any more is to be
    /// taken back.
    pub(in crate::engine) fn settle_handoffs(&self, plan: &mut Plan, marks: Marks) {
        let Marks { marks, wanted, unwanted, emptied: _, unique_ids, vendor_made } = marks;
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
            // What can be seen, a confirmation doesn't outweigh.
            says.zip(digest.filter(|handoff| !handoff.verifiable))
                .is_some_and(|(says, handoff)| says.document == handoff.digest(&plan.unique_ids))
        }) {
            let on = wanted.get(&change.id).and_then(|mark| plan.marks.get(mark)?.says.as_ref());
            let (Some(Confirmed { on, .. }), Some(handoff)) = (on.cloned(), change.handoff) else { continue };
            confirmed.push(Confirmation { object: change.id, because: change.because, on, handoff });
        }
        plan.confirmed = confirmed;
        for change in plan.changes.iter_mut().filter(|change| change.action == Action::Handoff) {
            let says = wanted.get(&change.id).and_then(|mark| plan.marks.get(mark)?.says.as_ref());
            let same = change.handoff.as_ref().map(|handoff| handoff.digest(&plan.unique_ids));
            if let Some(says) = says.filter(|says| same.as_ref() == Some(&says.document)) {
                let on = &says.on;
                change.warning =
                    Some(format!("it was confirmed on {on}, and what can be seen of it doesn't show that it is done"));
                continue;
            }
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
        let mut told = Vec::new();
        for mark in unwanted {
            let one = self.unwanted(plan, mark);
            plan.changes.extend(one.0.clone());
            told.push(one);
        }
        let stays: Vec<_> = told.into_iter().map(|(change, says)| self.stays(plan, change, says)).collect();
        plan.stays.extend(stays);
        plan.stays.sort();
    }

    /// What is to be taken back, by a mark that nothing wants any more; nothing where nobody knows what that is.
    fn unwanted(&self, plan: &mut Plan, mark: ObjectId) -> (Option<Change>, (ObjectId, Option<Confirmed>)) {
        let says = plan.marks.get(&mark).and_then(|mark| mark.says.clone());
        let change = says.as_ref().map(|says| {
            let (mut id, handoff) = self.taken_back(&says.kind, &says.name, &says.how);
            // The same object may be asked for in another way now, or have been asked for in two.
            let is_taken = plan.changes.iter().any(|change| change.id == id)
                || plan.confirmed.iter().any(|confirmed| confirmed.object == id);
            if is_taken {
                let digits: String = says.digits().chars().take(DIGITS_OF_ANOTHER).collect();
                id.name = format!("{}~{digits}", id.name);
            }
            if let Some(mark) = plan.marks.get_mut(&mark) {
                mark.of = Some(id.clone());
            }
            taking_back(id, handoff)
        });
        (change, (mark, says))
    }

    fn stays(&self, plan: &Plan, change: Option<Change>, (mark, says): (ObjectId, Option<Confirmed>)) -> Stays {
        let (Some(change), Some(says)) = (change, says) else {
            let is_emptied = self.baseline.is_none() && self.provider.edited_confirmation(&mark).is_some();
            let reason = format!(
                "it is the mark of a handoff that was confirmed, and somebody has edited it, so that nobody knows of which: find out what \
                 others were asked for, and have it taken back where nothing wants it any more; then delete the mark{}",
                if is_emptied { ". Until then it stays, and what it allows by that edit goes" } else { "" }
            );
            return Stays { object: mark, reason, is_empty: is_emptied };
        };
        let name = quoted(&HandoffNames::of(plan).shortest(&change.id));
        let (when, how) = if self.thorough && !self.is_other_stack {
            // What is taken away may be in the manifest: then a plan asks for it, as before.
            let done = format!(
                "`cloudgrant done {name}` then, or `cloudgrant done {name} --undo` while it is still in the manifest"
            );
            (" once what asked for it is out of the manifest", done)
        } else {
            ("", format!("`cloudgrant done {name}`"))
        };
        let reason = format!(
            "somebody else was asked for it, which was confirmed on {}, and nothing wants it any more: have it taken back, \
             which `cloudgrant plan` says how to do{when}, and then say so: {how}",
            says.on
        );
        Stays { object: change.id, reason, is_empty: false }
    }

    /// How what was handed off is taken back, as whoever knows its kind says.
    pub(in crate::engine) fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> (ObjectId, Handoff) {
        let known = self.provider.taken_back(kind, name, how).or_else(|| self.taken_back_on_platform(kind, name, how));
        let (id, handoff) = known.unwrap_or_else(|| {
            let task = "take back what they were asked for";
            let mut document = format!("Take back: {kind} {name}\n");
            for (key, value) in how.entries() {
                _ = writeln!(document, "  {key}: {value}");
            }
            if how.is_empty() {
                document.push_str(
                    "How it was asked for, its mark doesn't say: whoever was asked knows it, and the audit trail of the confirmation has \
                     the step.\n",
                );
            }
            (
                ObjectId::new(UNKNOWN, format!("{kind} {name}")),
                Handoff::unseen("whoever was asked for it", task, document),
            )
        });
        (id, handoff.taking_back())
    }

    /// The same of a platform's kinds: by the platform on which it was asked for, whichever the manifest has by now.
    fn taken_back_on_platform(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        let tenancy = self.platform.tenancy();
        match how.get(HowAsked::PLATFORM) {
            Some(platform) if platform != tenancy.kind => {
                let registration = platforms::platform(platform).ok()?;
                let context = PlatformContext {
                    tenancy: Arc::new(Tenancy { kind: platform.to_owned(), ..Tenancy::clone(tenancy) }),
                    stack: self.stack.clone(),
                    home: String::new(),
                    is_cloud_in_sandbox: self.in_sandbox,
                    sandbox: None,
                };
                registration.connect(context, &Value::Object(Map::new())).ok()?.taken_back(kind, name, how)
            }
            // Of an earlier cloudgrant's mark, only the stack's own manifest says on which platform that was.
            None if self.is_other_stack => None,
            _ => self.platform.taken_back(kind, name, how),
        }
    }

    /// Tells of handoffs that stay wanted with less in them: what was confirmed may have given what is revoked.
    pub(in crate::engine) fn tell_less(&self, plan: &mut Plan) {
        let marked: HashMap<_, _> =
            plan.marks.values().filter_map(|mark| mark.of.as_ref().zip(mark.says.as_ref())).collect();
        let names = HandoffNames::of(plan);
        let less = plan.changes.iter().filter_map(|change| {
            let handoff = change.handoff.as_ref().filter(|handoff| !handoff.takes_back)?;
            let says = marked.get(&change.id)?;
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
pub(in crate::engine) fn taking_back(id: ObjectId, handoff: Handoff) -> Change {
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
