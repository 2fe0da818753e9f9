//! Handoffs that somebody confirmed. No run can see whether a handoff was carried out, so that somebody says it (`cloudgrant done`), and
//! the cloud remembers that by a mark: an object of the stack's own that names the handoff, and a digest of what was asked for.
//!
//! A mark is worth something for just what was confirmed: another document, or a principal that was made anew, is asked for again.
//! A mark also outlives the manifest's wish. What somebody did, somebody has to take back; until that is confirmed as well, it stays.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use time::OffsetDateTime;

use crate::audit;
use crate::contract::confirmed::Confirmed;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::{Desired, Handoff, Object, ObjectId, Ownership};
use crate::contract::observed::{Observed, Stays};
use crate::engine::cancel::Cancel;
use crate::engine::report::Report;
use crate::engine::watch::Watch;
use crate::engine::{Engine, apply};
use crate::plan::confirmation::{Confirmation, HandoffNames, Mark};
use crate::plan::{Action, ApprovedPlan, Change, Plan};
use crate::text::redact::quoted;
use crate::vocabulary::note::Note;

/// The kind of what a mark names and nothing that is linked in knows.
const UNKNOWN: &str = "handoff";

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

/// What somebody says of a handoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It was carried out: what was asked for is there, or was taken back.
    Done,
    /// It wasn't, or isn't any more.
    NotDone,
}

/// What is to be written down of a handoff.
#[derive(Debug)]
pub struct Confirming {
    /// The change of its mark, as a plan of its own.
    pub plan: Plan,
    handoff: ObjectId,
    document: String,
    said: Said,
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

    /// What is to be written down where somebody says of a handoff of a plan that it was carried out, or that it wasn't. `None`
    /// where that is what is written down already.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where an apply has to come first: what the handoff names isn't there yet.
    /// [`ErrorKind::Unsupported`] where a plan sees by itself whether it was done, or the provider keeps no marks.
    pub fn confirming(&self, plan: &Plan, handoff: &ObjectId, said: Said) -> Result<Option<Confirming>> {
        let there = plan.marks.iter().find_map(|(id, mark)| {
            let says = mark.says.as_ref()?;
            let is_its = says.is_of(handoff) || handoff.kind == UNKNOWN && says.handoff() == handoff.name;
            is_its.then_some((id, mark, says))
        });
        let change = plan.changes.iter().find(|change| change.id == *handoff && change.action == Action::Handoff);
        let asked = change.and_then(|change| change.handoff.as_ref());
        let is_taken_back = asked.is_some_and(|asked| asked.takes_back);
        let because = change.map(|change| change.because.clone()).unwrap_or_default();
        let on_mark = |action, id: &ObjectId, before, after| Change {
            action,
            id: id.clone(),
            because: because.clone(),
            before,
            after,
            known_after_apply: Vec::new(),
            ownership: Ownership::Exclusive,
            depends_on: Vec::new(),
            handoff: None,
            warning: None,
        };
        if said == Said::NotDone || is_taken_back {
            let Some((id, mark, says)) = there else { return Ok(None) };
            let change = on_mark(Action::Delete, id, Some(mark.attributes.clone()), None);
            return Ok(Some(self.writing(plan, change, handoff, says.document.clone(), said)));
        }
        let (Some(change), Some(asked)) = (change, asked) else { return Ok(None) };
        if asked.verifiable {
            let message = format!("{handoff} needs nobody's word: a plan sees by itself whether it was done");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if let Some(first) = missing(plan, change) {
            let message = format!("{handoff} can't be done yet: {first} is to be made before it");
            return Err(Error::new(ErrorKind::NotFound, message)
                .hint("apply first: `cloudgrant apply`; then have the handoff carried out that the next plan shows"));
        }
        let confirmed = Confirmed {
            kind: handoff.kind.to_owned(),
            name: handoff.name.clone(),
            document: asked.digest(&plan.unique_ids),
            on: OffsetDateTime::now_utc().date().to_string(),
        };
        let Some(object) = self.provider.confirmation(&confirmed) else {
            let message = format!("provider {} remembers no confirmed handoffs", self.id);
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let (action, before) = match there {
            Some((_, mark, _)) => (Action::Update, Some(mark.attributes.clone())),
            None => (Action::Create, None),
        };
        let change = on_mark(action, &object.id, before, Some(object.attributes));
        Ok(Some(self.writing(plan, change, handoff, confirmed.document, said)))
    }

    fn writing(&self, plan: &Plan, change: Change, handoff: &ObjectId, document: String, said: Said) -> Confirming {
        let plan = Plan::new(plan.provider, plan.stack.clone(), vec![change], 0, Vec::new());
        Confirming { plan, handoff: handoff.clone(), document, said }
    }

    /// Writes it down: a mark for exactly what was shown, whatever the cloud is like by now. A plan that finds something else takes
    /// it for nothing.
    ///
    /// # Errors
    /// The audit trail can't be written, or the caller isn't known: then nothing was changed. What failed later is in the report.
    pub async fn confirm(
        &self,
        confirming: Confirming,
        approval: crate::plan::Approval,
        watch: &dyn Watch,
        cancel: &Cancel,
    ) -> Result<Report> {
        let Confirming { plan, handoff, document, said } = confirming;
        let approved: ApprovedPlan = plan.approve(approval);
        let begun = tokio::time::Instant::now();
        let before = self.backends().requests();
        self.begin(&approved).await?;
        if let Some((trail, _)) = &self.audit {
            let (handoff, document) = (&handoff, document.as_str());
            let done = said == Said::Done;
            trail.append(audit::Event::Confirm { handoff, document, done })?;
        }
        let mut report = apply::run(self.writer(), &approved, &self.settings, watch, cancel).await;
        report.requests = self.backends().requests().zip(before).map(|(after, before)| after - before);
        report.elapsed = begun.elapsed();
        report.unseen = self.end(&report).err();
        Ok(report)
    }
}

/// What a handoff names and an apply has yet to make.
fn missing(plan: &Plan, handoff: &Change) -> Option<ObjectId> {
    let is_new = |id: &&ObjectId| plan.work().any(|change| change.action == Action::Create && change.id == **id);
    let mut unresolved = handoff.known_after_apply.iter().map(|reference| &reference.object);
    handoff.depends_on.iter().find(is_new).or_else(|| unresolved.next()).cloned()
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
