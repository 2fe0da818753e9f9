//! Patterns with wildcards.

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Any number of characters, also none.
    Any,
    /// One character, whichever.
    One,
    /// This character.
    Exactly(char),
}

/// Whether a text fits a pattern of the `Like` operators: `*`, `?`, and both escaped by a backslash.
pub(super) fn like(pattern: &str, text: &str) -> bool {
    let mut steps = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        steps.push(match character {
            '*' => Step::Any,
            '?' => Step::One,
            '\\' => Step::Exactly(characters.next_if(|next| matches!(next, '*' | '?')).unwrap_or('\\')),
            other => Step::Exactly(other),
        });
    }
    fits(&steps, &text.chars().collect::<Vec<_>>())
}

/// Whether an action fits a pattern, as in a role definition: `*` is the only wildcard and case does not count.
pub(super) fn action(pattern: &str, action: &str) -> bool {
    let step = |character| if character == '*' { Step::Any } else { Step::Exactly(character) };
    let steps: Vec<Step> = pattern.to_lowercase().chars().map(step).collect();
    fits(&steps, &action.to_lowercase().chars().collect::<Vec<_>>())
}

/// Going back only to the last `*` suffices, so the time is bounded by the product of both lengths.
fn fits(steps: &[Step], text: &[char]) -> bool {
    let (mut step, mut position) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while position < text.len() {
        match steps.get(step) {
            Some(Step::Any) => {
                retry = Some((step + 1, position));
                step += 1;
            }
            Some(Step::One) => (step, position) = (step + 1, position + 1),
            Some(Step::Exactly(character)) if *character == text[position] => {
                (step, position) = (step + 1, position + 1);
            }
            _ => match retry {
                Some((after, start)) => {
                    (step, position) = (after, start + 1);
                    retry = Some((after, start + 1));
                }
                None => return false,
            },
        }
    }
    steps[step..].iter().all(|step| *step == Step::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_like() {
        for (pattern, text, fits) in [
            ("a*c?", "abcd", true),
            ("A*C?", "abcd", false),
            ("a*c", "abcd", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("logs*", "logs/a", true),
            ("*/b/*", "a/b", false),
            ("*/b/*", "x/y/b/b/", true),
            (r"100\*", "100*", true),
            (r"100\*", "1000", false),
            (r"really\?", "really?", true),
            (r"really\?", "reallyx", false),
            (r"a\b", r"a\b", true),
            ("*a*b", "aaab", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn patterns_of_actions() {
        assert!(action("Microsoft.Authorization/roleAssignments/*", "microsoft.authorization/roleassignments/write"));
        assert!(!action("Microsoft.Authorization/roleDefinitions/*", "Microsoft.Authorization/roleAssignments/write"));
        assert!(action("*/read", "Microsoft.Storage/storageAccounts/read"));
        assert!(!action("a/b?", "a/bc"), "a question mark is no wildcard here");
    }
}
