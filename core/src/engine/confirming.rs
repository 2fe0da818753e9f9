//! Writing down what somebody says of a handoff: a mark that confirms it ([`marks`](super::marks)), or its end.

use time::OffsetDateTime;

use crate::audit;
use crate::contract::confirmed::Confirmed;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::{ObjectId, Ownership};
use crate::engine::cancel::Cancel;
use crate::engine::marks::UNKNOWN;
use crate::engine::report::Report;
use crate::engine::watch::Watch;
use crate::engine::{Engine, apply};
use crate::plan::{Action, ApprovedPlan, Change, Plan};

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
