//! The examples' own scripts, all the way.

#[cfg(unix)]
#[test]
fn the_examples_prove_themselves() {
    use std::path::Path;
    use std::process::Command;

    use crate::support::{Folder, say_skipped};

    let has_curl = Command::new("curl").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has_curl {
        return say_skipped("curl is not installed, so the examples' scripts are not run");
    }
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let examples = std::fs::read_dir(examples).expect("a folder").map(|entry| entry.expect("an entry").path());
    let scripts: Vec<_> = examples.map(|example| example.join("try.sh")).filter(|script| script.exists()).collect();
    assert!(scripts.len() >= 2, "{scripts:?}");
    for script in scripts {
        let folder = Folder::empty();
        let output = Command::new("sh")
            .arg(&script)
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .env("CLOUDGRANT", env!("CARGO_BIN_EXE_cloudgrant"))
            .output()
            .expect("the script runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (said, failed) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success() && said.contains("== Proved."), "{}: {said}{failed}", script.display());
    }
}
