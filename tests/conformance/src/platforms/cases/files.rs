//! What a platform is told by as files.

use std::collections::BTreeSet;

use cloudgrant_core::DeliveryFile;
use serde_json::Value;

use super::super::bench::{Bench, Sketch, is_named, unlisted};
use super::super::fixture::PlatformFixture;
use crate::verdict::{Checked, found, hold, skip};

/// The files of what is there once everything was applied.
async fn files<F: PlatformFixture>(bench: &Bench<F>, sketch: &Sketch) -> Checked<Vec<DeliveryFile>> {
    // What the cloud has yet to choose is known by then.
    bench.apply(sketch).await?;
    let run = bench.open(sketch)?;
    let files = run.platform.files(&run.known_principals().await?);
    if files.is_empty() { skip("the platform is told by no files") } else { Ok(files) }
}

fn read(file: &DeliveryFile) -> Checked<Value> {
    match serde_saphyr::from_str(&file.content) {
        Ok(value) => Ok(value),
        Err(error) => found(format!("{} isn't YAML: {error}", file.path)),
    }
}

pub(super) async fn files_have_known_keys<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    let mut paths = BTreeSet::new();
    for file in files(&bench, &Sketch::everything()).await? {
        let path = &file.path;
        let is_below = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', ':']);
        hold(is_below, || format!("`{path}` isn't below the folder"))?;
        hold(paths.insert(path.clone()), || format!("there are two files `{path}`"))?;
        let purpose = &file.purpose;
        hold(!purpose.trim().is_empty() && !purpose.contains('\n'), || {
            format!("`{path}` doesn't say in a line what it is for: `{purpose}`")
        })?;
        let Some(known) = bench.fixture.keys_of_file(path) else { return found(format!("nobody reads `{path}`")) };
        let mut keys = BTreeSet::new();
        leaves(&read(&file)?, String::new(), &mut keys);
        hold(!keys.is_empty(), || format!("`{path}` is empty"))?;
        let is_known = |key: &str| known.iter().any(|pattern| matches(pattern, key));
        if let Some(key) = keys.iter().find(|key| !is_known(key)) {
            return found(format!("`{path}` has `{key}`, which its reader doesn't take"));
        }
    }
    Ok(())
}

/// The paths of all values. Keys may have dots in them, and are then given with a slash.
fn leaves(value: &Value, path: String, found: &mut BTreeSet<String>) {
    let below = |key: &str| {
        let key = key.replace('.', "/");
        if path.is_empty() { key } else { format!("{path}.{key}") }
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, below(key), found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, path.clone(), found)),
        _ => _ = found.insert(path),
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == "*" || wanted == part => {}
            _ => return false,
        }
    }
}

pub(super) async fn files_tell_listed_pairs<F: PlatformFixture>() -> Checked {
    let bench = Bench::<F>::fresh().await;
    for sketch in [Sketch::pair(), Sketch::domain()] {
        let bench = Bench::<F>::fresh().await;
        let all = files(&bench, &sketch).await?;
        for file in &all {
            let texts = [file.path.clone(), file.content.clone()];
            if let Some(word) = unlisted(&texts).filter(|_| sketch.scopes == Sketch::pair().scopes) {
                return found(format!("`{}` says `{word}`, and is for vision in production alone", file.path));
            }
        }
        for principal in bench.open(&sketch)?.principals().await? {
            let value = bench.value(&sketch, &principal.scope);
            let tells = |file: &&DeliveryFile| file.content.contains(&value);
            for (pair, _) in &principal.serves {
                let is_told = all.iter().filter(tells).any(|file| is_named(pair, std::slice::from_ref(&file.content)));
                hold(is_told, || format!("{pair} runs under `{value}`, and no file tells it"))?;
            }
        }
    }
    // Nothing of it is made yet, or somebody else has to.
    let asking = Sketch { is_vendor_asked: true, ..Sketch::domain() };
    for sketch in [Sketch::domain(), asking] {
        let run = bench.open(&sketch)?;
        let is_known = !sketch.is_vendor_asked && !bench.fixture.sample().is_chosen;
        let files = run.platform.files(&run.principals().await?);
        if let Some(file) = files.first().filter(|_| !is_known) {
            return found(format!("`{}` is for a principal that nobody knows yet", file.path));
        }
    }
    Ok(())
}
