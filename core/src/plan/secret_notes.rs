//! What is said of secrets whichever cloud keeps them.

use crate::contract::object::Note;
use crate::contract::platform::{Platform, PlatformKind};
use crate::vocabulary::intent::Reach;
use crate::vocabulary::resource::ResourceKind;

/// What whoever grants secrets to task code should know; nothing where none is granted.
pub fn of_secrets<'a>(platform: &Platform, mut reaches: impl Iterator<Item = &'a Reach>) -> Vec<Note> {
    if !reaches.any(|reach| reach.resource.kind == ResourceKind::Secret) {
        return Vec::new();
    }
    // Requirement 43.
    let own = match platform.kind {
        PlatformKind::Union => "Union has a secrets manager of its own (`union create secret`)",
        PlatformKind::Flyte => "Flyte mounts Kubernetes secrets of the task's namespace",
    };
    let simplest = format!("{own}: a secret that only tasks need is simplest kept there, without any grant");
    // Requirement 42. Source: Union, "Enabling AWS Secrets Manager": "this will expose secrets to the control plane".
    let never =
        "never return a secret's value from a task: what tasks return is stored, and exposed to the control plane";
    vec![Note::warning("secrets", never), Note::info("secrets", simplest)]
}
