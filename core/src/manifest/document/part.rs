//! What could be read of a manifest with which something is wrong.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use crate::manifest::document::entries::ResourceEntry;
use crate::manifest::document::lists::Grant;
use crate::manifest::text::path::{Path, Step};
use crate::manifest::text::values::strict;
use crate::vocabulary::names::ResourceName;

/// What could be read of a manifest, and where it stood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    /// Where each grant, registry and binding stood in its list, of which others could not be read.
    pub(super) grants: Vec<usize>,
    pub(super) registries: Vec<usize>,
    pub(super) bindings: Vec<usize>,
    /// The grants and registries, by their number among those that were read, whose name can't be read, and the grants whose
    /// scope can't: there, something stands that nobody wrote.
    pub(crate) nameless_grants: HashSet<usize>,
    pub(crate) nameless_registries: HashSet<usize>,
    pub(crate) without_scope: HashSet<usize>,
    /// The names in the access of such a grant whose levels can't be read.
    pub(crate) without_level: HashMap<usize, Vec<ResourceName>>,
    /// What stands under a name that no resource can have.
    pub(crate) nameless_resources: Vec<(String, ResourceEntry)>,
    /// Names of resources that could be read or not. `None` where it isn't even known which there are.
    pub(super) resources: Option<BTreeSet<String>>,
    /// Whether it isn't known which projects there are.
    pub(crate) unknown_projects: bool,
    /// Whether it isn't known which domains there are.
    pub(crate) unknown_domains: bool,
}

impl Part {
    /// Whether a resource may be there although none was read.
    pub(crate) fn may_have(&self, resource: &str) -> bool {
        self.resources.as_ref().is_none_or(|names| names.contains(resource))
    }
}

/// The resources of a grant whose levels can't be read.
pub(super) fn without_level(grant: &strict::Part<Grant>) -> Vec<ResourceName> {
    let name = |path: &Path| match path.steps() {
        [Step::Key(key), Step::Key(name)] if key == "access" => ResourceName::parse(name.as_str()).ok(),
        _ => None,
    };
    grant.left_out.iter().filter_map(name).collect()
}
