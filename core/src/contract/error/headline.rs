//! The line above several problems.

use crate::contract::error::diagnostic::Diagnostic;

/// How many problems there are, and with what: whoever has set a flag or a variable looks for nothing in the file.
pub(super) fn where_problems_are(problems: &[Diagnostic]) -> String {
    /// So many are named.
    const NAMED: usize = 3;
    let from = |problem: &Diagnostic| match problem.layer.as_deref() {
        None => "the manifest".to_owned(),
        Some(layer) if layer.starts_with("the ") => layer.to_owned(),
        Some(layer) => format!("the {layer}"),
    };
    let mut all: Vec<String> = Vec::new();
    for from in problems.iter().map(from) {
        if !all.contains(&from) {
            all.push(from);
        }
    }
    let from = match all.as_slice() {
        [] => "the manifest".to_owned(),
        [only] => only.clone(),
        [most @ .., last] if most.len() < NAMED => format!("{} and {last}", most.join(", ")),
        _ => "the configuration".to_owned(),
    };
    let have = if all.len() > 1 && from != "the configuration" { "have" } else { "has" };
    match problems.len() {
        1 => format!("{from} {have} a problem"),
        n => format!("{from} {have} {n} problems"),
    }
}
