//! The names in a manifest, for completing them on a command line: as far as it can be read, whatever is wrong with it.

use std::path::Path;

use serde_json::Value;

use crate::manifest::text::format::Format;

/// The names in a manifest, each once, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Its profiles.
    pub profiles: Vec<String>,
    /// Its grants and registries, those of its profiles too.
    pub grants: Vec<String>,
}

impl Names {
    /// Reads them from a file. A file that can't be read has none.
    pub fn of(file: &Path) -> Self {
        // Nothing else is read for a shell that asks: it might never end.
        let text =
            if file.is_file() { crate::manifest::source::input::read(file).unwrap_or_default() } else { String::new() };
        Format::of(file, &text).parse(&text, "").map(|tree| Self::within(&tree.to_value())).unwrap_or_default()
    }

    fn within(manifest: &Value) -> Self {
        let profiles = manifest.get("profiles").and_then(Value::as_object).into_iter().flatten();
        let mut names = Self::default();
        let mut layers = vec![manifest];
        for (name, layer) in profiles {
            names.profiles.push(name.clone());
            layers.push(layer);
        }
        for layer in layers {
            let lists = ["grants", "registries"].into_iter().filter_map(|key| layer.get(key)?.as_array());
            for name in lists.flatten().filter_map(|entry| entry.get("name")?.as_str()) {
                if !names.grants.iter().any(|known| known == name) {
                    names.grants.push(name.to_owned());
                }
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_a_manifest_that_is_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cloudgrant.yaml");
        let text = "stak: x\ngrants: [{ name: a }, { nam: b }, { name: c }]\nregistries: [{ name: a }]\n\
                    profiles: { one: { grants: [{ name: d }] }, two: 3 }\n";
        std::fs::write(&file, text).expect("a file");
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Names::of(&file), Names { profiles: of(&["one", "two"]), grants: of(&["a", "c", "d"]) });
        std::fs::write(&file, "a: [").expect("a file");
        assert_eq!(Names::of(&file), Names::default());
        assert_eq!(Names::of(Path::new("/nowhere/cloudgrant.toml")), Names::default());
    }
}
