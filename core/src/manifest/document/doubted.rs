//! What is in doubt of a manifest that could be read only in part, and where its entries stood.

use crate::manifest::document::Manifest;

impl Manifest {
    /// Takes note that something stood at a key path that can't be told of the value that the manifest was read from.
    pub(crate) fn doubt(&mut self, path: &str) {
        let Some(part) = &mut self.part else { return };
        if path == "resources" {
            part.resources = None;
        } else if let (Some(name), Some(names)) = (path.strip_prefix("resources."), &mut part.resources) {
            names.insert(name.to_owned());
        }
    }

    /// The key path of an entry of a list: where it stands in the file, whatever else of the list can't be read.
    pub(crate) fn path_of(&self, list: &str, at: usize) -> String {
        let part = self.part.as_deref();
        let stood = part.map(|part| match list {
            "grants" => &part.grants,
            "registries" => &part.registries,
            _ => &part.bindings,
        });
        let at = stood.and_then(|stood| stood.get(at).copied()).unwrap_or(at);
        format!("{list}[{at}]")
    }
}
