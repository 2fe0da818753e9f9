//! What somebody else was asked for is told when it is taken away, also where the manifest as a whole can't be planned any more.

use std::fs;

use crate::support::{Folder, QUICKSTART};

const VAULT: &str = "resources/00000000-0000-0000-0000-00000000000b/acme-dataplane/microsoft.keyvault";

fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let output = folder.output(&[arguments, &["--provider", "azure", "--sandbox"]].concat());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn applied() -> Folder {
    let folder = Folder::with(QUICKSTART);
    let (code, said) = run(&folder, &["apply", "--yes", "-q"]);
    assert_eq!(code, Some(0), "{said}");
    folder
}

#[track_caller]
fn tells(folder: &Folder, arguments: &[&str]) {
    // A second time as well: it may still be there.
    for last in ["--dry-run", "--yes", "--yes"] {
        let (code, said) = run(folder, &[arguments, &[last]].concat());
        assert_eq!(code, Some(1), "{arguments:?} {last}: {said}");
        let vendor = "the Union team may have been asked to bind domain production";
        assert_eq!(said.matches(vendor).count(), 1, "{arguments:?} {last}: {said}");
        assert_eq!(said.matches("not searched: ").count(), 1, "{arguments:?} {last}: {said}");
    }
}

#[test]
fn a_denied_read_hides_nothing_of_what_was_handed_off() {
    for denied in ["deny=Microsoft.KeyVault/vaults:read", "deny=Microsoft.Storage/storageAccounts:read"] {
        let folder = applied();
        tells(&folder, &["revoke", "--all", "--faults", denied]);
    }
}

#[test]
fn a_resource_that_is_gone_hides_nothing_of_what_was_handed_off() {
    for what in ["models-production", "--all"] {
        let folder = applied();
        fs::remove_dir_all(folder.path().join(".cloudgrant/sandbox/azure").join(VAULT)).expect("there");
        tells(&folder, &["revoke", what]);
    }
    // Nobody was asked for what another grant gives.
    let folder = applied();
    fs::remove_dir_all(folder.path().join(".cloudgrant/sandbox/azure").join(VAULT)).expect("there");
    let text =
        QUICKSTART.replace("      training-data: read\n\n", "      training-data: read\n      labels-token: read\n\n");
    assert_ne!(text, QUICKSTART);
    let (before, after) = text.split_once("  # Only tasks in production").expect("a grant");
    let registries = after.find("registries:").expect("registries");
    folder.write("cloudgrant.yaml", format!("{before}{}", &after[registries..]));
    let (code, said) = run(&folder, &["revoke", "training-data", "--yes"]);
    assert!(!said.contains("may have been asked") && !said.contains("not searched"), "{code:?}: {said}");
}
