//! What is against the order of folders.

use crate::imports::Module;

/// What modules import from folders that aren't below their own, and folders without a place in the order.
pub(crate) fn problems(modules: &[Module], layers: &[&[&str]]) -> Vec<String> {
    let mut problems = Vec::new();
    for folder in layers.iter().flat_map(|folders| folders.iter()) {
        if !modules.iter().any(|module| is_in(&module.path, folder)) {
            problems.push(format!("{folder} has a place in the order, and no file"));
        }
    }
    for Module { path, imports } in modules {
        let Some((own, folder)) = layer(path, layers) else {
            problems.push(format!("{path} has no place in the order"));
            continue;
        };
        for (module, name) in imports {
            match layer(module, layers) {
                _ if module.is_empty() => {
                    problems.push(format!("{path} imports {name:?} from lib.rs, which is above all"))
                }
                Some((at, of)) if at > own || of == folder => {}
                Some((_, of)) => problems.push(format!("{path} imports {name}: {of} isn't below {folder}")),
                // Said of that module.
                None => {}
            }
        }
    }
    problems
}

fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The innermost folder with a place in the order that a module is in, and that place, counted from the top.
fn layer<'a>(path: &str, layers: &'a [&'a [&'a str]]) -> Option<(usize, &'a str)> {
    let all = layers.iter().enumerate().flat_map(|(at, folders)| folders.iter().map(move |folder| (at, *folder)));
    all.filter(|(_, folder)| is_in(path, folder)).max_by_key(|(_, folder)| folder.len())
}
