//! The cloud's objects as a Terraform configuration.

use cloudgrant_core::{DeliveryFile, Desired, Session, TerraformBlock};

/// Where in the folder it is.
pub(crate) const PATH: &str = "terraform/cloudgrant.tf";

/// The file: a block for each object that Terraform can make without owning what is somebody else's, and the others by name.
pub(crate) fn file(session: &Session, desired: &Desired) -> DeliveryFile {
    let (mut blocks, mut others) = (Vec::<TerraformBlock>::new(), Vec::new());
    for object in &desired.objects {
        match session.terraform(object).filter(|_| object.handoff.is_none()) {
            Some(made) => blocks.extend(made),
            None => others.push(&object.id),
        }
    }
    // One object may be there once for each of its scopes, and one that is looked up for each that names it.
    blocks.sort_by(|a, b| (a.purpose, a.kind, &a.label).cmp(&(b.purpose, b.kind, &b.label)));
    blocks.dedup();
    others.sort();
    others.dedup();
    let mut content = String::new();
    for block in &blocks {
        content.push_str(&format!("\n{block}"));
    }
    if !others.is_empty() {
        content.push_str(
            "\n# Not here: what somebody else makes, what the platform is told, and parts of what others write too:\n",
        );
        for id in others {
            content.push_str(&format!("# - {id}\n"));
        }
    }
    DeliveryFile {
        path: PATH.to_owned(),
        purpose: "The cloud's objects, for Terraform to make in place of `cloudgrant apply`.".to_owned(),
        content,
    }
}
