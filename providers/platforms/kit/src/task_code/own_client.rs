//! What the cloud's own client does, as a task.

use cloudgrant_core::ClientCode;

use super::{Module, Sdk, behind_a_word, literal};

pub(super) fn used(sdk: Sdk, word: &str, code: &ClientCode) -> Module {
    let upper = word.to_ascii_uppercase();
    let (noun, packages) = match code.packages {
        [one] => ("package", (*one).to_owned()),
        several => ("packages", several.join(" and ")),
    };
    let mut assigned = vec![format!("# The task's image needs the {noun} {packages}.")];
    assigned.extend(code.constants.iter().map(|(name, value)| format!("{upper}_{name} = {}", literal(value))));
    assigned.extend(sdk.environment(word));
    let named = |line: &str| {
        let constants = code.constants.iter();
        let line = constants
            .fold(line.to_owned(), |line, (name, _)| line.replace(&format!("<{name}>"), &format!("{upper}_{name}")));
        format!("    {line}")
    };
    let body: Vec<_> = code.body.iter().map(|line| named(line)).collect();
    Module {
        standard: Vec::new(),
        imports: code.imports.iter().copied().chain([sdk.import()]).collect(),
        assigned,
        functions: vec![format!(
            "{}\ndef use_{}() -> None:\n{}",
            sdk.decorator(word),
            behind_a_word(word),
            body.join("\n")
        )],
    }
}
