//! Which cloud a command line means: nobody lands in the real one who wrote `--sandbox`.

use crate::support::{Folder, QUICKSTART, assert_looks};

/// Without credentials and without a way to any cloud: whoever gets that far fails there.
fn stranded() -> Folder {
    Folder::with(QUICKSTART).variable("AWS_EC2_METADATA_DISABLED", "true")
}

fn is_in_the_sandbox(folder: &Folder, arguments: &[&str]) -> bool {
    let output = folder.output(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), said.contains("Working in the sandbox"), "{arguments:?}: {said}");
    output.status.success()
}

#[test]
fn a_sandbox_that_says_no_is_refused() {
    let folder = stranded();
    assert_looks!(folder.run(&["apply", "--yes", "--sandbox="]));
    assert_looks!(folder.run(&["--sandbox=False", "plan", "--output", "json"]));
    for value in [" ", "0", "no", "off", "FALSE"] {
        let output = folder.output(&["plan", &format!("--sandbox={value}")]);
        assert_eq!(output.status.code(), Some(2), "{value}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // The flag is said to be wrong whatever the variable says.
    let output = stranded().variable("CLOUDGRANT_SANDBOX", "yes").output(&["plan", "--sandbox=no"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_variable_may_say_no() {
    for no in ["", "0", "no", "off", "False"] {
        assert!(!is_in_the_sandbox(&stranded().variable("CLOUDGRANT_SANDBOX", no), &["plan"]), "{no}");
        assert!(is_in_the_sandbox(&stranded().variable("CLOUDGRANT_SANDBOX", no), &["plan", "--sandbox"]), "{no}");
    }
    for yes in ["1", "yes", "true", "some/folder", "n"] {
        assert!(is_in_the_sandbox(&stranded().variable("CLOUDGRANT_SANDBOX", yes), &["plan"]), "{yes}");
    }
}

#[test]
fn an_empty_value_means_nothing() {
    let folder = stranded();
    for option in ["--profile=", "--file=", "--provider=", "--audit="] {
        let output = folder.output(&["apply", "--yes", "--sandbox", option]);
        assert_eq!(output.status.code(), Some(2), "{option}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let output = folder.output(&["revoke", "--all", "--yes", "--sandbox", "--stack="]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let output = folder.output(&["revoke", "", "--yes", "--sandbox"]);
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    for variable in ["CLOUDGRANT_PROFILE", "CLOUDGRANT_FILE", "CLOUDGRANT_PROVIDER", "CLOUDGRANT_STACK"] {
        let output = stranded().variable(variable, "").output(&["plan", "--sandbox"]);
        assert_eq!(output.status.code(), Some(2), "{variable}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
