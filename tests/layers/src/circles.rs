//! Modules that import from each other in a circle.

use std::collections::BTreeSet;

use crate::imports::Module;

/// One for each circle, with what each of its modules imports from the others.
pub(crate) fn problems(modules: &[Module]) -> Vec<String> {
    let reached: Vec<BTreeSet<&str>> = modules.iter().map(|module| reached(module, modules)).collect();
    let is_from = |from: usize, to: &str| reached[from].contains(to);
    let mut problems = Vec::new();
    let mut told = BTreeSet::new();
    for (at, module) in modules.iter().enumerate() {
        let path = module.path.as_str();
        if !is_from(at, path) || !told.insert(path) {
            continue;
        }
        let others = modules.iter().enumerate().filter(|(other, of)| is_from(at, &of.path) && is_from(*other, path));
        let circle: Vec<&Module> = others.map(|(_, of)| of).collect();
        told.extend(circle.iter().map(|of| of.path.as_str()));
        let is_in_it = |path: &&String| circle.iter().any(|of| of.path == **path);
        let lines = circle.iter().map(|of| {
            let imports: Vec<_> = of.imports.keys().filter(is_in_it).map(String::as_str).collect();
            format!("\n  {} imports {}", of.path, imports.join(", "))
        });
        problems.push(format!("a circle of {} files:{}", circle.len(), lines.collect::<String>()));
    }
    problems
}

/// All modules to which one leads.
fn reached<'a>(from: &'a Module, modules: &'a [Module]) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = vec![from];
    while let Some(module) = next.pop() {
        for path in module.imports.keys() {
            if reached.insert(path.as_str()) {
                next.extend(modules.iter().find(|module| module.path == *path));
            }
        }
    }
    reached
}
