//! The audit trail: what is written, and that an edit shows.

use serde_json::Value;

use crate::json::assert_valid;
use crate::support::{Folder, QUICKSTART};

fn lines(folder: &Folder) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String) {
    let output = folder.output(arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("text"))
}

#[test]
fn each_change_is_written_down_with_its_requests() {
    for provider in ["aws", "azure"] {
        let folder = Folder::with(QUICKSTART);
        let flags = ["--provider", provider, "--sandbox", "--yes", "--audit", "audit.jsonl"];
        let (code, said) = run(&folder, &[&["apply"][..], &flags].concat());
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Audit trail: audit.jsonl, which now ends in "), "{said}");
        let lines = lines(&folder);
        let of = |event: &str| lines.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
        assert_eq!((of("begin").len(), of("end").len(), of("failed").len()), (1, 1, 0));
        assert_eq!(
            (&of("begin")[0]["provider"], &of("begin")[0]["approval"]),
            (&provider.into(), &"in-advance".into())
        );
        // Who it was to the cloud, beside the name on the machine.
        let caller = of("begin")[0]["caller"].clone();
        let (principal, account) = match provider {
            "aws" => ("arn:aws:", "111122223333"),
            _ => ("", "00000000-0000-0000-0000-00000000000a"),
        };
        assert!(caller["principal"].as_str().is_some_and(|id| id.len() > 20 && id.starts_with(principal)), "{caller}");
        assert_eq!(caller["account"], account);
        assert_eq!(caller["application"].is_string(), provider == "azure", "{caller}");
        assert_eq!(of("attempt").len(), of("applied").len());
        assert!(!of("applied").is_empty());
        for line in of("applied") {
            assert!(line["requests"].as_array().is_some_and(|ids| !ids.is_empty()), "{line}");
        }
        assert!(of("attempt").iter().all(|line| !line["because"].as_array().expect("reasons").is_empty()));
        // A second run goes on where the first ended.
        let (code, said) = run(&folder, &[&["revoke", "--all"][..], &flags].concat());
        // On Azure, whether the vendor has bound a domain, nobody can see.
        assert_eq!(code, Some(i32::from(provider == "azure")), "{said}");
        let verified = assert_valid(&folder, &["audit", "verify", "audit.jsonl"]);
        assert_eq!((&verified["runs"], verified["unfinished"].as_array().map(Vec::len)), (&2.into(), Some(0)));
        let head = verified["head"].as_str().expect("a hash");
        assert!(said.contains(head), "the run told it: {said}");
        assert_eq!(run(&folder, &["audit", "verify", "audit.jsonl", "--expect", head]).0, Some(0));
    }
}

/// Whatever tells the platform: its changes are in the same trail as the cloud's, before the line that says how the run ended.
#[test]
fn what_a_platform_is_told_is_written_down_too() {
    let manifest = |delivery: &str| {
        format!(
            "version: 1\nstack: told\nprovider: aws\n\
             platform: {{ kind: flyte, projects: [vision], domains: [production], delivery: {delivery} }}\n\
             aws: {{ region: us-west-2, account: \"111122223333\", cluster: {{ oidc_provider: oidc.eks.example/id/A }} }}\n\
             resources: {{ data: {{ aws: \"s3://acme-training/inputs/\" }} }}\n\
             grants: [{{ name: data, scope: {{ domain: production }}, access: {{ data: read }} }}]\n"
        )
    };
    let kinds = [
        ("admin", "cluster-resource-attribute"),
        ("kubernetes", "service-account-annotation"),
        ("settings", "service-account-setting"),
    ];
    for (delivery, kind) in kinds {
        let folder = Folder::with(&manifest(delivery));
        for command in [&["apply"][..], &["revoke", "--all"]] {
            let flags = ["--sandbox", "--yes", "--audit", "audit.jsonl"];
            let (code, said) = run(&folder, &[command, &flags].concat());
            assert_eq!(code, Some(0), "{delivery} {command:?}: {said}");
        }
        let lines = lines(&folder);
        let of = |event: &str| {
            let is_told = |line: &&Value| line["event"] == event && line["object"]["kind"].as_str() == Some(kind);
            lines.iter().filter(is_told).collect::<Vec<_>>()
        };
        let actions: Vec<_> = of("applied").iter().map(|line| line["action"].clone()).collect();
        assert_eq!(actions, ["create", "delete"], "{delivery}: {lines:#?}");
        assert_eq!(of("attempt").len(), 2, "{delivery}");
        assert!(of("attempt").iter().all(|line| !line["because"].as_array().expect("reasons").is_empty()));
        assert_eq!(run(&folder, &["audit", "verify", "audit.jsonl"]).0, Some(0));
    }
}

/// README verifies the trail in its next line.
#[test]
fn a_trail_that_nothing_was_written_to_is_told() {
    let folder = Folder::with(QUICKSTART);
    let apply = ["apply", "--sandbox", "--yes", "--audit", "audit.jsonl"];
    assert_eq!(run(&folder, &apply).0, Some(0));
    let before = lines(&folder).len();
    let (code, said) = run(&folder, &apply);
    assert_eq!((code, lines(&folder).len()), (Some(0), before));
    assert!(said.contains("nothing was changed, so that nothing was added to audit.jsonl"), "{said}");
    let (code, said) = run(&folder, &["apply", "--sandbox", "--yes", "--audit", "other.jsonl"]);
    assert!(code == Some(0) && said.contains("nothing was changed, so that other.jsonl was not written"), "{said}");
    assert!(!folder.path().join("other.jsonl").exists());
}

#[test]
fn an_edit_and_a_cut_show() {
    let folder = Folder::with(QUICKSTART);
    // By configuration.
    folder.write("cloudgrant.yaml", format!("{QUICKSTART}\naudit: audit.jsonl\n"));
    let document = assert_valid(&folder, &["apply", "--sandbox", "--yes"]);
    let head = document["audit"]["head"].as_str().expect("a hash").to_owned();
    let path = folder.path().join("audit.jsonl");
    let whole = std::fs::read_to_string(&path).expect("a trail");
    std::fs::write(&path, whole.replacen("a96e55e9_production", "a96e55e9_elsewhere", 1)).expect("written");
    let (code, said) = run(&folder, &["audit", "verify", "audit.jsonl"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not as it was written") && said.contains("it was changed"), "{said}");
    let (code, said) = run(&folder, &["audit", "verify", "gone.jsonl"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("can't read the audit trail gone.jsonl\n  cause: No such file or directory\n"), "{said}");
    // What isn't whole isn't gone on with, and nothing is changed then.
    let cut: String = whole.chars().take(whole.len() - 20).collect();
    std::fs::write(&path, &cut).expect("written");
    let (code, said) = run(&folder, &["revoke", "--all", "--sandbox", "--yes"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("can't go on with the audit trail"), "{said}");
    assert_eq!(run(&folder, &["plan", "--sandbox", "--exit-code"]).0, Some(0), "nothing was taken away");
    // A cut between two lines shows against the hash that the run told.
    let without_end: Vec<_> = whole.lines().collect();
    std::fs::write(&path, without_end[..without_end.len() - 1].join("\n") + "\n").expect("written");
    let (code, said) = run(&folder, &["audit", "verify", "audit.jsonl"]);
    assert!(code == Some(1) && said.contains("audit.jsonl is cut") && said.contains("has no end"), "{said}");
    assert!(said.contains(" is done"), "the last line that is there: {said}");
    assert_eq!(run(&folder, &["audit", "verify", "audit.jsonl", "--expect", &head]).0, Some(1));
}

#[test]
fn nothing_follows_what_somebody_changed() {
    let folder = Folder::with(QUICKSTART);
    let flags = ["--sandbox", "--yes", "--audit", "audit.jsonl"];
    assert_eq!(run(&folder, &[&["apply"][..], &flags].concat()).0, Some(0));
    let trail = std::fs::read_to_string(folder.path().join("audit.jsonl")).expect("a trail");
    let mut lines: Vec<_> = trail.lines().map(str::to_owned).collect();
    lines[2] = lines[2].replacen("create", "delete", 1);
    assert!(!trail.contains(&lines[2]), "it is changed");
    folder.write("audit.jsonl", lines.join("\n") + "\n");
    let (code, said) = run(&folder, &[&["revoke", "--all"][..], &flags].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("can't go on with the audit trail audit.jsonl") && said.contains("line: 3"), "{said}");
    // Nothing was taken away.
    let (_, said) = run(&folder, &["plan", "--sandbox"]);
    assert!(said.contains("0 to create"), "{said}");
}

/// Before the cloud is looked at, and so before anybody is asked; also where nothing would change.
#[test]
fn a_trail_that_can_t_be_written_is_told_at_once() {
    let folder = Folder::with(QUICKSTART);
    std::fs::create_dir(folder.path().join("trails.jsonl")).expect("a folder");
    let mut paths =
        vec![("trails.jsonl", "can't open the audit trail"), ("missing/audit.jsonl", "there is no folder missing")];
    if cfg!(target_os = "linux") {
        paths.push(("/proc/audit.jsonl", "can't make the audit trail"));
    }
    for (path, told) in paths {
        for command in
            [&["apply"][..], &["apply", "--yes"], &["revoke", "--all"], &["revoke", "training-data", "--yes"]]
        {
            let command = [command, &["--sandbox", "--audit", path]].concat();
            let (code, said) = run(&folder, &command);
            assert!(code == Some(1) && said.contains(told) && said.contains(path), "{command:?}: {said}");
            assert!(!said.contains("to create") && !folder.path().join(".cloudgrant").exists(), "{command:?}: {said}");
        }
    }
    // A plan writes nothing, and so only looks.
    folder.write("cloudgrant.yaml", format!("{QUICKSTART}\naudit: missing/audit.jsonl\n"));
    for command in [&["plan"][..], &["revoke", "--all", "--dry-run"]] {
        let (code, said) = run(&folder, &[command, &["--sandbox"]].concat());
        // Nothing was applied yet, and so nothing would be taken away or written down.
        let told = said.contains("can't open the audit trail") && said.contains("would change nothing");
        assert!(code == Some(0) && told == (command == ["plan"]), "{said}");
    }
    assert!(!folder.path().join("missing").exists());
    // Whoever isn't asked after all leaves no trace.
    folder.write("cloudgrant.yaml", QUICKSTART);
    let (_, said) = run(&folder, &["apply", "--sandbox", "--audit", "audit.jsonl"]);
    assert!(said.contains("nobody is here to approve"), "{said}");
    let there = std::fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut there: Vec<_> = there.collect();
    there.sort_unstable();
    assert_eq!(there, [".cloudgrant", "cloudgrant.yaml", "trails.jsonl"]);
}

#[test]
fn an_empty_trail_is_no_trail() {
    let folder = Folder::with_file("audit.jsonl", "");
    let (code, said) = run(&folder, &["audit", "verify", "audit.jsonl"]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("audit.jsonl is empty") && !said.contains("as it was written"), "{said}");
    let output = folder.output(&["audit", "verify", "audit.jsonl", "--output", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&document["lines"], &document["whole"]), (&0.into(), &false.into()));
}

#[cfg(target_os = "linux")]
#[test]
fn who_has_no_name_has_a_number() {
    use std::os::unix::fs::MetadataExt;
    let folder = Folder::with(QUICKSTART);
    assert_eq!(run(&folder, &["apply", "--sandbox", "--yes", "--audit", "audit.jsonl"]).0, Some(0));
    let own = std::fs::metadata(folder.path()).expect("a folder that this process made").uid();
    let said = lines(&folder)[0].to_string();
    assert!(said.contains(&format!("\"uid {own}\"")), "{said}");
}

/// A full disk takes a part of a line.
#[cfg(unix)]
#[test]
fn a_line_that_finds_no_room_leaves_the_trail_whole() {
    let folder = Folder::with(QUICKSTART);
    let (code, said) = run(&folder, &["apply", "--sandbox", "--yes", "-q", "--audit", "audit.jsonl"]);
    assert_eq!(code, Some(0), "{said}");
    let length = std::fs::metadata(folder.path().join("audit.jsonl")).expect("a trail").len();
    // Room for some bytes more than there are; what goes beyond is an error, and no signal.
    let blocks = length.div_ceil(512);
    let program = env!("CARGO_BIN_EXE_cloudgrant");
    let script =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} revoke --all --sandbox --yes -q --audit audit.jsonl");
    let output = std::process::Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output();
    let output = output.expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("can't write the audit trail"), "{said}");
    // Each line can be read, and the next run goes on with it.
    assert!(!lines(&folder).is_empty());
    let (code, said) = run(&folder, &["revoke", "--all", "--sandbox", "--yes", "-q", "--audit", "audit.jsonl"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn why_a_trail_can_not_be_read_is_told_once() {
    let output = Folder::empty().output(&["audit", "verify", "nofile"]);
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(error.matches("No such file or directory").count(), 1, "{error}");
    assert!(!error.contains("os error"), "{error}");
}
