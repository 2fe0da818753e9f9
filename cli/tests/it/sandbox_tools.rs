//! Tools that run in the sandbox: `az` needs more than variables there, and is set up by its first command.

use std::os::unix::fs::PermissionsExt;

use crate::support::Folder;

/// Writes each of its commands down, with where it works; `az fail` fails, and so does what `fails` names.
const AZ: &str = r#"#!/bin/sh
echo "$*" >>"$HOME/commands"
echo "$AZURE_CONFIG_DIR $ARM_ENDPOINT" >>"$HOME/places"
case "$1" in
    role) echo "roles as asked for: $(cat)" ;;
    fail) exit 7 ;;
    *) echo "of $1, to be hidden" ;;
esac
if [ -e "$HOME/fails" ] && [ "$1" = "$(cat "$HOME/fails")" ]; then
    echo "no $1 today" >&2
    exit 3
fi
"#;

fn program(folder: &Folder, name: &str, text: &str) {
    folder.write(name, text);
    let file = folder.path().join(name);
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("set");
}

/// A folder with that `az` on `PATH`.
fn with_az() -> Folder {
    let folder = Folder::empty();
    std::fs::create_dir(folder.path().join("bin")).expect("a folder");
    program(&folder, "bin/az", AZ);
    let path = std::env::var("PATH").expect("one");
    let bin = folder.path().join("bin").display().to_string();
    folder.variable("PATH", &format!("{bin}:{path}"))
}

/// Runs a command in the sandbox: its exit code, what it prints, and what is said.
fn run(folder: &Folder, provider: &str, command: &[&str]) -> (Option<i32>, String, String) {
    // A folder is for one cloud.
    let state = if provider == "azure" { "state" } else { "another" };
    let options = ["sandbox", "-q", "--folder", state, "--provider", provider, "--"];
    let output = folder.output(&[&options, command].concat());
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What `az` was asked since the last time.
fn taken(folder: &Folder, name: &str) -> Vec<String> {
    let file = folder.path().join(name);
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    _ = std::fs::remove_file(file);
    text.lines().map(str::to_owned).collect()
}

fn commands(folder: &Folder) -> Vec<String> {
    taken(folder, "commands")
}

/// That `az` was set up, and then asked these.
fn assert_set_up(folder: &Folder, then: &[&str]) {
    let (seen, places) = (commands(folder), taken(folder, "places"));
    let (set_up, asked) = seen.split_at(3.min(seen.len()));
    let endpoint = places[0].split_once(' ').expect("both").1;
    assert!(endpoint.starts_with("https://127.0.0.1:"), "{places:?}");
    let registered = format!("cloud register -n cloudgrant-sandbox --endpoint-resource-manager {endpoint}");
    assert_eq!(set_up[..2], [registered, "cloud set -n cloudgrant-sandbox".to_owned()]);
    assert!(set_up[2].starts_with("login --service-principal -u "), "{set_up:?}");
    assert_eq!(asked, then);
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
}

#[test]
fn az_is_set_up_by_its_first_command() {
    let folder = with_az();
    let az = folder.path().join("bin/az").display().to_string();
    let list = ["role assignment list"];
    program(&folder, "script", "#!/bin/sh\naz role a && az role b\n");
    for (command, then) in [
        (&["az", "role", "assignment", "list"][..], &list[..]),
        (&["sh", "-c", "az role a && az role 'b c'"], &["role a", "role b c"]),
        (&["sh", "-c", "true; exec env az role assignment list"], &list),
        (&["./script"], &["role a", "role b"]),
        (&["sh", "script"], &["role a", "role b"]),
        // Anew for each sandbox, also by its path.
        (&[&az, "role", "assignment", "list"], &list),
        // Of two at once, one sets it up, and both wait for that.
        (&["sh", "-c", "az role x & az role x & wait"], &["role x", "role x"]),
    ] {
        let (code, printed, said) = run(&folder, "azure", command);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{command:?}: {printed}");
        assert!(printed.lines().all(|line| line == "roles as asked for: "), "{command:?}: {printed}");
        assert_set_up(&folder, then);
    }
    // What is typed is for the command, and its exit code is that of all.
    let (_, printed, _) = run(&folder, "azure", &["sh", "-c", "echo mine | az role list"]);
    assert_eq!(printed, "roles as asked for: mine\n");
    assert_eq!(run(&folder, "azure", &["az", "fail"]).0, Some(7));
}

#[test]
fn who_does_not_call_az_does_not_wait_for_it() {
    let folder = with_az();
    assert_eq!(run(&folder, "azure", &["sh", "-c", "true"]), (Some(0), String::new(), String::new()));
    assert_eq!(commands(&folder), [""; 0]);
    // Another cloud's sandbox leaves it as it is.
    assert_eq!(run(&folder, "aws", &["az", "role", "list"]).0, Some(0));
    assert_eq!(commands(&folder), ["role list"]);
    // Who sets it up by hand does it all.
    let by_hand = "az cloud register -n mine && az cloud set -n mine && az role list";
    assert_eq!(run(&folder, "azure", &["sh", "-c", by_hand]).0, Some(0));
    assert_eq!(commands(&folder), ["cloud register -n mine", "cloud set -n mine", "role list"]);
    // Without it, there is nothing to set up.
    std::fs::remove_file(folder.path().join("bin/az")).expect("removed");
    let (code, _, said) = run(&folder, "azure", &["az", "role", "list"]);
    assert!(code == Some(2) && said.contains("can't run `az`"), "{said}");
    let (code, _, said) = run(&folder, "azure", &["bin/az", "role", "list"]);
    assert!(code == Some(2) && said.contains("can't run `bin/az`"), "{said}");
}

#[test]
fn a_set_up_that_fails_says_where() {
    let folder = with_az();
    folder.write("fails", "login");
    let (code, printed, said) = run(&folder, "azure", &["sh", "-c", "az role a; rm fails; az role b"]);
    assert_eq!((code, printed.as_str()), (Some(0), "roles as asked for: \n"), "{said}");
    let told =
        "error: az isn't set up for the sandbox, as this failed: az login --service-principal -u \"$AZURE_CLIENT_ID\"";
    assert!(said.starts_with(told) && said.contains("no login today"), "{said}");
    // Nobody was asked for anything before, and what was done isn't done again.
    let seen = commands(&folder);
    let words: Vec<_> = seen.iter().map(|line| line.split(" -").next().unwrap_or_default()).collect();
    assert_eq!(words, ["cloud register", "cloud set", "login", "login", "role b"]);
    folder.write("fails", "login");
    assert_eq!(run(&folder, "azure", &["az", "role", "a"]).0, Some(1));
}

/// A shell that reads its own start, a script that clears what it has: a person's own folder of the tool is never set up.
#[test]
fn whatever_becomes_of_the_variables_it_is_the_sandbox_s_folder() {
    for command in [
        "unset AZURE_CONFIG_DIR ARM_ENDPOINT; az role list",
        "env -u AZURE_CONFIG_DIR az role list",
        "AZURE_CONFIG_DIR=$HOME/.azure az role list",
        "env -i PATH=\"$PATH\" HOME=\"$HOME\" az role list",
    ] {
        let folder = with_az();
        let (code, _, said) = run(&folder, "azure", &["sh", "-c", &format!("{command}; az role list")]);
        assert_eq!(code, Some(0), "{command}: {said}");
        let places = std::fs::read_to_string(folder.path().join("places")).expect("there");
        let own = format!("{} https://127.0.0.1:", folder.path().join("state/az").display());
        assert!(places.lines().all(|place| place.starts_with(&own)), "{command}: {places}");
        assert_set_up(&folder, &["role list", "role list"]);
    }
}

/// What comes along in the sandbox's folder is no program there, and a folder that can't be in `PATH` is told of.
#[test]
fn nobody_else_puts_programs_there() {
    let folder = with_az();
    assert_eq!(run(&folder, "azure", &["az", "role", "list"]).0, Some(0));
    let tools = folder.path().join("state/set-up-tools");
    program(&folder, "state/set-up-tools/az", "#!/bin/sh\ntouch \"$HOME/foreign\"\n");
    program(&folder, "state/set-up-tools/sh", "#!/bin/sh\ntouch \"$HOME/foreign\"\n");
    assert_eq!(run(&folder, "azure", &["sh", "-c", "az role list"]).0, Some(0));
    assert!(!folder.path().join("foreign").exists() && !tools.join("sh").exists());
    // A link isn't followed either.
    std::fs::create_dir(folder.path().join("mine")).expect("a folder");
    folder.write("mine/az", "");
    std::fs::remove_dir_all(&tools).expect("removed");
    std::os::unix::fs::symlink("../mine", &tools).expect("a link");
    let (code, _, said) = run(&folder, "azure", &["az", "role", "list"]);
    assert!(code == Some(1) && said.contains("set-up-tools is a symbolic link"), "{said}");
    assert_eq!(std::fs::read_to_string(folder.path().join("mine/az")).expect("there"), "");
    let options = ["sandbox", "--folder", "a:b", "--provider", "azure", "--", "true"];
    let said = String::from_utf8(folder.output(&options).stderr).expect("text");
    assert!(said.contains("# Then, once:\n#   az cloud register"), "{said}");
}
