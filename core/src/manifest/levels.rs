//! Which access levels are meant, where a word is none: those that the selected provider has for what is granted, and no others.

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::registry::clouds;
use crate::manifest::document::Manifest;
use crate::manifest::text::path::{Path, Step};
use crate::manifest::text::values::possible::expected;
use crate::vocabulary::access::Access;

/// Has the hints of words that are no access levels name those of the resource's kind.
pub(super) fn name_those_of_the_kind(manifest: &Manifest, problems: &mut [Diagnostic]) {
    let Ok(provider) = clouds::provider(&manifest.provider) else { return };
    for problem in problems {
        let ProblemKind::UnknownWord(word) = &problem.kind else { continue };
        let levels: &[Access] = match Path::parse(&problem.path).steps() {
            [Step::Key(list), Step::Index(_), Step::Key(access), Step::Key(resource)]
                if list == "grants" && access == "access" =>
            {
                let entry = manifest.resources.iter().find(|(name, _)| name.as_str() == resource);
                let locator = entry.and_then(|(_, entry)| entry.locators.get(provider.id));
                let kind = locator.and_then(|locator| (provider.parse_locator)(locator).ok()).map(|(kind, _)| kind);
                kind.map_or(&[], |kind| provider.capabilities.levels(kind))
            }
            [Step::Key(list), Step::Index(_), Step::Key(access)] if list == "registries" && access == "access" => {
                provider.capabilities.registry_levels()
            }
            _ => continue,
        };
        // Where the resource can't be told, any level may be meant.
        if !levels.is_empty() {
            let names: Vec<_> = levels.iter().map(ToString::to_string).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            problem.hint = Some(expected(word, &names));
        }
    }
}
