//! A required key that is misspelt: it is unknown, and the right one is missing.

use std::collections::HashSet;

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;

/// Without what is missing only because its key is misspelt: that is told already, with the key that was meant.
pub(in crate::manifest) fn told_once(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let meant = |problem: &Diagnostic| {
        let ProblemKind::UnknownKey { meant: Some(meant) } = &problem.kind else { return None };
        let around = problem.path.rsplit_once('.').map_or("", |(around, _)| around);
        Some(if around.is_empty() { meant.to_string() } else { format!("{around}.{meant}") })
    };
    let meant: HashSet<String> = problems.iter().filter_map(meant).collect();
    problems.retain(|problem| match &problem.kind {
        ProblemKind::MissingKey => !meant.contains(&*problem.path),
        // What would follow from the key, and so isn't known.
        ProblemKind::UnsetKey(key) => !meant.contains(&**key),
        _ => true,
    });
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_is_told_once_and_what_is_missing_besides_too() {
        let unknown = |path: &str, meant: &str| {
            let kind = ProblemKind::UnknownKey { meant: Some(meant.into()) };
            Diagnostic::new(path, "unknown key `x`").of_kind(kind)
        };
        let missing = |path: &str| Diagnostic::new(path, "it is missing").of_kind(ProblemKind::MissingKey);
        let of_unset =
            |path: &str, key: &str| Diagnostic::new(path, "it isn't known").of_kind(ProblemKind::UnsetKey(key.into()));
        let problems = vec![
            missing("aws.region"),
            unknown("aws.regoin", "region"),
            missing("platform.region"),
            missing("stack"),
            unknown("stak", "stack"),
            unknown("platform.organisation", "organization"),
            of_unset("aws.task_role", "platform.organization"),
            of_unset("aws.node_role", "aws.node_role"),
        ];
        let told = told_once(problems);
        let told: Vec<_> = told.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(told, ["aws.regoin", "platform.region", "stak", "platform.organisation", "aws.node_role"]);
    }
}
