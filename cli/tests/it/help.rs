//! What people read first.

use crate::support::{Folder, MANIFEST, assert_looks};

fn help(arguments: &[&str]) -> String {
    Folder::empty().run(arguments)
}

#[test]
fn help_of_all() {
    assert_looks!(help(&["--help"]));
}

#[test]
fn help_of_validate() {
    assert_looks!(help(&["validate", "--help"]));
}

#[test]
fn help_of_plan() {
    assert_looks!(help(&["plan", "--help"]));
}

#[test]
fn help_of_apply() {
    assert_looks!(help(&["apply", "--help"]));
}

#[test]
fn help_of_show() {
    assert_looks!(help(&["show", "--help"]));
}

#[test]
fn help_of_drift() {
    assert_looks!(help(&["drift", "--help"]));
}

#[test]
fn help_of_revoke() {
    assert_looks!(help(&["revoke", "--help"]));
}

#[test]
fn help_of_done() {
    assert_looks!(help(&["done", "--help"]));
}

#[test]
fn help_of_stacks() {
    assert_looks!(help(&["stacks", "--help"]));
}

#[test]
fn help_of_explain() {
    assert_looks!(help(&["explain", "--help"]));
}

#[test]
fn help_of_export() {
    assert_looks!(help(&["export", "--help"]));
}

#[test]
fn help_of_providers() {
    assert_looks!(help(&["providers", "--help"]));
}

#[test]
fn help_of_sandbox() {
    assert_looks!(help(&["sandbox", "--help"]));
}

#[test]
fn help_of_completions() {
    assert_looks!(help(&["completions", "--help"]));
}

#[test]
fn examples_and_lists_fit_a_terminal_of_80_columns() {
    let narrow = Folder::empty().variable("COLUMNS", "80");
    for command in [
        &["--help"][..],
        &["plan", "--help"],
        &["apply", "--help"],
        &["drift", "--help"],
        &["revoke", "--help"],
        &["done", "--help"],
        &["stacks", "--help"],
        &["explain", "--help"],
        &["providers", "--help"],
        &["sandbox", "--help"],
        &["audit", "--help"],
        &["audit", "verify", "--help"],
        &["completions", "--help"],
    ] {
        let narrow = narrow.run(command);
        let by_hand = |help: &str| {
            let from = help.find("\nExamples:").unwrap_or(help.len());
            help[from..].to_owned()
        };
        assert_eq!(by_hand(&narrow), by_hand(&help(command)), "{command:?}: a line is broken");
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    }
}

#[test]
fn help_can_be_asked_for_as_a_command() {
    let (help, option) = (Folder::empty().output(&["help", "plan"]), Folder::empty().output(&["plan", "--help"]));
    assert!(help.status.success() && !help.stdout.is_empty());
    assert_eq!(help.stdout, option.stdout);
    assert!(Folder::empty().output(&["help", "audit", "verify"]).status.success());
}

#[test]
fn a_misspelt_option_is_json_where_that_is_asked_for_in_short() {
    let long = Folder::empty().output(&["plan", "--output", "json", "--exitcode"]).stdout;
    for short in [&["-o", "json"][..], &["-o=json"], &["-ojson"]] {
        assert_eq!(Folder::empty().output(&[&["plan"], short, &["--exitcode"]].concat()).stdout, long, "{short:?}");
    }
}

#[test]
fn no_command_at_all() {
    assert_eq!(Folder::empty().output(&[]).status.code(), Some(2));
}

#[test]
fn a_misspelt_command() {
    assert_looks!(help(&["pln"]));
}

#[test]
fn a_misspelt_option_as_json() {
    assert_looks!(help(&["plan", "--output", "json", "--exitcode"]));
}

/// What a cloud can't do is refused, always: there is no way to have the rest of it done and that left out.
#[test]
fn nothing_leaves_out_what_is_unsupported() {
    let folder = Folder::with(MANIFEST);
    for command in ["plan", "apply", "drift", "explain"] {
        for option in ["--skip-unsupported", "--ignore-unsupported", "--allow-unsupported", "--partial", "--force"] {
            let output = folder.output(&[command, option]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{command} {option}: {said}");
            assert!(said.contains(&format!("unexpected argument '{option}'")), "{command} {option}: {said}");
        }
    }
}

#[test]
fn a_fault_that_does_not_exist() {
    assert_looks!(help(&["plan", "--sandbox", "--faults", "latencies=50ms"]));
}

#[test]
fn faults_need_a_sandbox() {
    assert_looks!(Folder::with(MANIFEST).run(&["plan", "--faults", "latency=50ms"]));
}

#[test]
fn what_is_linked_in() {
    assert_looks!(help(&["providers"]));
}

#[test]
fn every_shell_gets_a_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = Folder::empty().output(&["completions", shell]);
        assert!(output.status.success(), "{shell}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("_CLOUDGRANT_COMPLETE"), "{shell}");
    }
}

/// Before the command or after it, from a flag or a variable.
#[test]
fn global_options_stand_anywhere() {
    let folder = Folder::empty();
    folder.write("other.yaml", "");
    let before = folder.output(&["--file", "other.yaml", "plan"]).stderr;
    assert!(String::from_utf8_lossy(&before).contains("other.yaml is empty"));
    assert_eq!(before, folder.output(&["plan", "-f", "other.yaml"]).stderr);
    assert_eq!(before, folder.variable("CLOUDGRANT_FILE", "other.yaml").output(&["plan"]).stderr);
}

#[test]
fn help_of_permissions() {
    assert_looks!(help(&["permissions", "--help"]));
}
