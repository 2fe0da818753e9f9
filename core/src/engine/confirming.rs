//! Writing down what somebody says of a handoff: a mark that confirms it ([`marks`](super::planning::marks)), or its end.

use time::OffsetDateTime;

use crate::audit;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::change::{Action, Change};
use crate::contract::object::confirmed::Confirmed;
use crate::contract::object::how_asked::HandedOff;
use crate::contract::object::{ObjectId, Ownership};
use crate::engine::apply::changes;
use crate::engine::apply::report::Report;
use crate::engine::cancel::Cancel;
use crate::engine::setup::Engine;
use crate::engine::watch::Watch;
use crate::plan::handoff_names::HandoffNames;
use crate::plan::{ApprovedPlan, Plan};
use crate::text::redact::quoted;

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
    is_waited_for: bool,
}

impl Confirming {
    /// Whether it stays known that the handoff was taken back, as something of the stack's stays for it until a revoke takes that.
    pub fn is_waited_for(&self) -> bool {
        self.is_waited_for
    }
}

impl Engine {
    /// What is to be written down where somebody says of a handoff of a plan that it was carried out, or that it wasn't. `None`
    /// where that is what is written down already.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where an apply has to come first: what the handoff names isn't there yet.
    /// [`ErrorKind::Unsupported`] where a plan sees by itself whether it was done, or the provider keeps no marks.
    pub fn confirming(&self, plan: &Plan, handoff: &ObjectId, said: Said) -> Result<Option<Confirming>> {
        let change = plan.changes.iter().find(|change| change.id == *handoff && change.action == Action::Handoff);
        let asked = change.and_then(|change| change.handoff.as_ref());
        let wanted = asked.filter(|asked| !asked.takes_back);
        let wanted = wanted.map(|asked| HandedOff { object: handoff.clone(), how: asked.how.clone() });
        let there = plan.marks.iter().find_map(|(id, mark)| {
            let says = mark.says.as_ref()?;
            let is_its = mark.of.as_ref() == Some(handoff) || wanted.as_ref().is_some_and(|wanted| says.is_of(wanted));
            is_its.then_some((id, mark, says))
        });
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
            let Some((id, mark, says)) = there.filter(|(.., says)| !says.taken_back) else { return Ok(None) };
            // Where something of the stack's stays for what may have been done, it has to be known that it is undone.
            let is_waited_for = said == Said::Done
                && self.is_other_stack
                && plan
                    .stays
                    .iter()
                    .any(|stays| plan.marks.values().all(|mark| mark.of.as_ref() != Some(&stays.object)));
            let undone = || self.provider.confirmation(&Confirmed { taken_back: true, ..says.clone() });
            if let Some(trace) = is_waited_for.then(undone).flatten().filter(|trace| trace.id == *id) {
                let change = on_mark(Action::Update, id, Some(mark.attributes.clone()), Some(trace.attributes));
                let writing = self.writing(plan, vec![change], handoff, says.document.clone(), said);
                return Ok(Some(Confirming { is_waited_for: true, ..writing }));
            }
            let change = on_mark(Action::Delete, id, Some(mark.attributes.clone()), None);
            return Ok(Some(self.writing(plan, vec![change], handoff, says.document.clone(), said)));
        }
        let (Some(change), Some(asked)) = (change, asked) else { return Ok(None) };
        if asked.verifiable {
            let message = format!("{handoff} needs nobody's word: a plan sees by itself whether it was done");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        if let Some(first) = missing(plan, change) {
            let message = format!("{handoff} can't be done yet: {first} is to be made before it");
            let mut hint =
                "apply first: `cloudgrant apply`; then have the handoff carried out that the next plan shows"
                    .to_owned();
            // After a revoke of what the manifest still has, what was done before is what somebody speaks of.
            if let Some((.., says)) = there.filter(|(.., says)| !says.taken_back) {
                let name = quoted(&HandoffNames::of(plan).shortest(handoff));
                hint = format!(
                    "if what was confirmed on {} was taken back, say so: `cloudgrant done {name} --undo`; else {hint}",
                    says.on
                );
            }
            return Err(Error::new(ErrorKind::NotFound, message).hint(hint));
        }
        let confirmed = Confirmed {
            kind: handoff.kind.to_owned(),
            name: handoff.name.clone(),
            document: asked.digest(&plan.unique_ids),
            on: OffsetDateTime::now_utc().date().to_string(),
            how: asked.how.clone(),
            taken_back: false,
        };
        let Some(object) = self.provider.confirmation(&confirmed) else {
            let message = format!("provider {} remembers no confirmed handoffs", self.id);
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let on_it = |action, before| on_mark(action, &object.id, before, Some(object.attributes.clone()));
        let changes = match there {
            Some((id, mark, _)) if *id == object.id => vec![on_it(Action::Update, Some(mark.attributes.clone()))],
            // An earlier cloudgrant's mark has another name.
            Some((id, mark, _)) => {
                let former = on_mark(Action::Delete, id, Some(mark.attributes.clone()), None);
                vec![on_it(Action::Create, None), former]
            }
            None => vec![on_it(Action::Create, None)],
        };
        Ok(Some(self.writing(plan, changes, handoff, confirmed.document, said)))
    }

    fn writing(
        &self,
        plan: &Plan,
        changes: Vec<Change>,
        handoff: &ObjectId,
        document: String,
        said: Said,
    ) -> Confirming {
        let plan = Plan::new(plan.provider, plan.stack.clone(), changes, 0, Vec::new());
        Confirming { plan, handoff: handoff.clone(), document, said, is_waited_for: false }
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
        let Confirming { plan, handoff, document, said, is_waited_for: _ } = confirming;
        let approved: ApprovedPlan = plan.approve(approval);
        let begun = tokio::time::Instant::now();
        let before = self.backends().requests();
        self.begin(&approved).await?;
        if let Some((trail, _)) = &self.audit {
            let (handoff, document) = (&handoff, document.as_str());
            let done = said == Said::Done;
            trail.append(audit::Event::Confirm { handoff, document, done })?;
        }
        let mut report = changes::run(self.writer(), &approved, &self.settings, watch, cancel).await;
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
