//! Which parts of a document are the same, and how they are named in remarks.

use crate::shared_document::service::SharedDocument;

/// The parts that no stack wrote.
pub(super) fn of_people<D: SharedDocument>(of: &D, document: &D::Document) -> Vec<D::Part> {
    of.parts(document).iter().filter(|part| !of.is_of_a_stack(part)).cloned().collect()
}

/// Whether it is among them, in whatever words the service shows it for now.
pub(super) fn is_in<D: SharedDocument>(of: &D, parts: &[D::Part], part: &D::Part) -> bool {
    let is_shown = |other: &D::Part| of.name_of(other) == of.name_of(part) && of.says_the_same(other, part);
    parts.contains(part) || parts.iter().any(is_shown)
}

pub(super) fn has_same_name<D: SharedDocument>(of: &D, one: &D::Part, other: &D::Part) -> bool {
    of.name_of(one).is_some() && of.name_of(one) == of.name_of(other)
}

/// A part's name, as remarks have it.
pub(super) fn name<'a, D: SharedDocument>(of: &D, part: &'a D::Part) -> &'a str {
    of.name_of(part).unwrap_or(of.part_words().unnamed)
}

/// What is said of what others wrote over what is told.
pub(super) const AND_SINCE: &str = "and once more since: see whether it should";

/// Which parts a document should have, and should not have. `None` where there are none.
pub(super) fn told<D: SharedDocument>(of: &D, added: &[D::Part], removed: &[D::Part], so: &str) -> Option<String> {
    let names = |parts: &[D::Part]| {
        let names = parts.iter().map(|part| format!("`{}`", name(of, part)));
        names.collect::<Vec<_>>().join(", ")
    };
    let added = (!added.is_empty()).then(|| format!("have {}", names(added)));
    let removed = (!removed.is_empty()).then(|| format!("not have {}", names(removed)));
    let what: Vec<_> = added.into_iter().chain(removed).collect();
    (!what.is_empty()).then(|| {
        let (title, what) = (of.title(), what.join(", and "));
        format!("somebody else wrote {title} at the same time, {so} {what}")
    })
}
