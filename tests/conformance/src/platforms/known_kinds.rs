//! The kinds of objects that this repository's clouds have: no platform may have one of the same name, as whose an object is is told by
//! its kind.

/// The kinds of AWS's and Azure's objects.
pub const KINDS_OF_CLOUDS: &[&str] = &[
    "iam-policy",
    "iam-role",
    "iam-role-attachment",
    "ecr-policy-statement",
    "s3-policy-statement",
    "kms-key-policy-statement",
    "resource-policy-statement",
    "ecr-pull-through",
    "eks-pod-identity-association",
    "managed-identity",
    "federated-credential",
    "role-assignment",
    "custom-role",
    "compute-identity",
    "endpoint-identity",
    "workspace-identity",
    "workspace-setting",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::KINDS_OF_CLOUDS;

    /// The files of a folder, with those of the folders in it.
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// Each cloud has a file for each of its kinds.
    #[test]
    fn they_are_the_clouds_own() {
        let clouds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../providers/clouds");
        let mut kinds = BTreeSet::new();
        for cloud in std::fs::read_dir(clouds).expect("the clouds").flatten() {
            for file in files(&cloud.path().join("src/objects")) {
                let text = std::fs::read_to_string(file).expect("a text");
                let named = text.lines().filter_map(|line| line.split_once("const KIND: &str = \"")?.1.split_once('"'));
                kinds.extend(named.map(|(kind, _)| kind.to_owned()));
            }
        }
        assert!(kinds.contains("iam-role") && kinds.contains("managed-identity"), "{kinds:?}");
        assert_eq!(kinds, KINDS_OF_CLOUDS.iter().map(|kind| (*kind).to_owned()).collect());
    }
}
