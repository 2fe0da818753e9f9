//! The cloud's objects as a Terraform configuration.

use cloudgrant_core::{DeliveryFile, Desired, Session, TerraformBlock, TerraformPurpose};

/// Where in the folder it is.
pub(crate) const PATH: &str = "terraform/cloudgrant.tf";

/// Where it stands with which versions of Terraform's providers that works: a configuration says it once, and who has it say so already
/// leaves this file out.
pub(crate) const VERSIONS: &str = "terraform/cloudgrant_versions.tf";

/// The files: a block for each object that Terraform can make without owning what is somebody else's, and the others by name; and the
/// versions of its providers, where there is such a block.
pub(crate) fn files(session: &Session, desired: &Desired) -> Vec<DeliveryFile> {
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
    let objects = blocks.partition_point(|block| block.purpose == TerraformPurpose::Settings);
    let settings: String = blocks.drain(..objects).map(|block| format!("\n{block}")).collect();
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
    let versions = DeliveryFile {
        path: VERSIONS.to_owned(),
        purpose: "The versions of Terraform's provider with which the configuration beside this works. A configuration has one block of \
                  these: leave this file out where yours has it."
            .to_owned(),
        content: settings,
    };
    let file = DeliveryFile {
        path: PATH.to_owned(),
        purpose: "The cloud's objects, for Terraform to make in place of `cloudgrant apply`.".to_owned(),
        content,
    };
    std::iter::once(file).chain(Some(versions).filter(|versions| !versions.content.is_empty())).collect()
}
