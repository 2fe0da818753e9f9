//! What is said of secrets whichever cloud keeps them.

use crate::contract::platform::Platform;
use crate::vocabulary::intent::Reach;
use crate::vocabulary::note::Note;
use crate::vocabulary::resource::ResourceKind;

/// What whoever grants secrets to task code should know; nothing where none is granted.
pub fn of_secrets<'a>(platform: &dyn Platform, mut reaches: impl Iterator<Item = &'a Reach>) -> Vec<Note> {
    if !reaches.any(|reach| reach.resource.kind == ResourceKind::SECRET) {
        return Vec::new();
    }
    // Requirement 42. Source: Union, "Enabling AWS Secrets Manager": "this will expose secrets to the control plane".
    let never =
        "never return a secret's value from a task: what tasks return is stored, and exposed to the control plane";
    let mut notes = vec![Note::warning("secrets", never)];
    // Requirement 43.
    if let Some(own) = platform.secrets() {
        let simplest = format!("{own}: a secret that only tasks need is simplest kept there, without any grant");
        notes.push(Note::info("secrets", simplest));
    }
    notes
}
