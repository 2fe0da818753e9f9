//! What is said of what was in the way, where it is in nobody's way any more.

use crate::plan::in_the_way::{InTheWay, asked};
use crate::plan::whole::Plan;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::note::Note;

/// Says of what was in the way of somebody who wants it no more that it is left alone: else they would take it for the stack's,
/// and for forgotten. What stays and is told for that is not told twice.
pub(crate) fn left_alone(plan: &Plan, before: &[InTheWay], is_kept: impl Fn(&IntentId) -> bool) -> Vec<Note> {
    let is_told = |one: &InTheWay| plan.stays.iter().any(|stays| stays.object == one.object);
    let note = |one: &InTheWay| {
        let whose = asked(one.because.iter()).find(|intent| !is_kept(intent)).filter(|_| !is_told(one))?;
        Some(Note::of_access(whose, format!("{}: it is left as it is", one.what)))
    };
    before.iter().filter_map(note).collect()
}
