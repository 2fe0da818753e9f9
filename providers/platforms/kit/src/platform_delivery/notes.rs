//! What a plan says of principals of which a platform is told, one of them at a time.

use cloudgrant_core::{IntentId, Note, Principal};

use crate::{annotation, service_accounts};

/// That a setting names service accounts that nothing in a plan makes: where the cloud binds a principal, nobody annotates them.
pub(super) fn unmade(principal: &Principal) -> Option<Note> {
    let binding = principal.because.iter().find(|intent| matches!(intent, IntentId::Binding(_)))?;
    let accounts = principal.service_accounts();
    let mut commands = accounts.iter().filter_map(|account| service_accounts::create(account));
    let first = commands.next()?;
    let others = match commands.count() {
        0 => String::new(),
        others => format!(", and the same for {others} more"),
    };
    Some(Note::info(
        binding,
        format!(
            "pods start only where their service account is there, which is for whoever runs the cluster: `{first}`{others}"
        ),
    ))
}

/// That no template of the platform's is known to take a principal.
pub(super) fn without_attribute(principal: &Principal) -> Option<Note> {
    let annotation = annotation(principal)?;
    let binding = principal.because.iter().find(|intent| matches!(intent, IntentId::Binding(_)))?;
    let message = format!(
        "the platform's charts make no annotation {} of any attribute, so that it is handed off; where templates of your own do, \
         name the attribute: `platform.attribute`",
        annotation.key
    );
    Some(Note::info(binding, message))
}

/// What is on the service account counts for pods that carry a label, where there is one.
pub(super) fn label_of_pods(principal: &Principal) -> Option<Note> {
    let (key, value) = annotation(principal)?.pod_label?;
    let binding = principal.because.iter().find(|intent| matches!(intent, IntentId::Binding(_)))?;
    Some(Note::info(
        binding,
        format!("pods of the annotated service accounts take part when they are labelled {key}: \"{value}\""),
    ))
}
