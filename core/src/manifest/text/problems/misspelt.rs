//! A required key that is misspelt: it is unknown, and the right one is missing.

use std::collections::HashSet;

use crate::contract::error::diagnostic::Diagnostic;

/// Without what is missing only because its key is misspelt: that is told already, with the key that was meant.
pub(in crate::manifest) fn told_once(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let meant: HashSet<_> = problems
        .iter()
        .filter(|problem| problem.message.starts_with("unknown key "))
        .filter_map(|problem| {
            let around = problem.path.rsplit_once('.').map_or("", |(around, _)| around);
            let meant = problem.hint.as_deref()?.strip_prefix("did you mean `")?.split('`').next()?;
            Some(if around.is_empty() { meant.to_owned() } else { format!("{around}.{meant}") })
        })
        .collect();
    problems.retain(|problem| {
        let is_missing = problem.message.ends_with("` is missing") && meant.contains(&*problem.path);
        // What would follow from the key, and so isn't known.
        let to_set = problem.hint.as_deref().and_then(|hint| hint.strip_prefix("set `")?.split('`').next());
        !is_missing && !to_set.is_some_and(|key| meant.contains(key))
    });
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_misspelt_is_told_once_and_what_is_missing_besides_too() {
        let unknown = |path: &str, meant: &str| {
            Diagnostic::new(path, "unknown key `x`").hint(format!("did you mean `{meant}`? possible: a, b"))
        };
        let missing = |path: &str, key: &str| Diagnostic::new(path, format!("`{key}` is missing"));
        let problems = vec![
            missing("aws.region", "region"),
            unknown("aws.regoin", "region"),
            missing("platform.region", "region"),
            missing("stack", "stack"),
            unknown("stak", "stack"),
            unknown("platform.organisation", "organization"),
            Diagnostic::new("aws.task_role", "it isn't known").hint("set `platform.organization`, or name the role"),
            Diagnostic::new("aws.node_role", "it isn't known").hint("set `aws.node_role`"),
        ];
        let told = told_once(problems);
        let told: Vec<_> = told.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(told, ["aws.regoin", "platform.region", "stak", "platform.organisation", "aws.node_role"]);
    }
}
