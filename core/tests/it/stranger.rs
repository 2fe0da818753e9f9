//! A manifest from a stranger: what directs credentials, and where the audit trail may be.

use std::path::Path;

use cloudgrant_core::audit::{Event, Trail};
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Diagnostic, ErrorKind, Result, Session, Settings};
use serde_json::json;

const HEAD: &str = "version: 1
stack: acme
provider: fake
platform: { kind: flyte, projects: [vision], domains: [production] }
";

async fn open(text: &str, overrides: &Overrides) -> Result<Session> {
    Session::open(Loaded::from_text(text, Path::new("cloudgrant.yaml"), overrides)?, Settings::default()).await
}

async fn problems(text: &str, overrides: &Overrides) -> Vec<Diagnostic> {
    match open(text, overrides).await {
        Ok(_) => Vec::new(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Manifest, "{error}");
            error.problems().to_vec()
        }
    }
}

fn environment(variables: &[(&str, &str)]) -> Overrides {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Overrides { environment, ..Overrides::default() }
}

#[tokio::test]
async fn what_directs_credentials_is_refused_from_a_file_with_its_place_and_what_to_do() {
    let text = format!("{HEAD}fake:\n  endpoint: https://evil.example\n  accounts: {{ two: {{ endpoint: x }} }}\n");
    let found = problems(&text, &Overrides::default()).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(
        found[0].to_string(),
        "cloudgrant.yaml:6:3: fake.endpoint: `https://evil.example` is no host of the fake"
    );
    let hint = found[0].hint.as_deref().expect("a hint");
    assert!(hint.contains("set CLOUDGRANT_FAKE__ENDPOINT") && hint.contains("docs/security.md"), "{hint}");
    assert_eq!(
        (found[1].path.as_str(), found[1].place.as_ref().map(|at| at.line)),
        ("fake.accounts.two.endpoint", Some(7))
    );
    assert!(found[1].hint.as_deref().is_some_and(|hint| hint.contains("CLOUDGRANT_FAKE__ACCOUNTS__TWO__ENDPOINT")));
    assert!(problems(&format!("{HEAD}fake: {{ endpoint: home }}\n"), &Overrides::default()).await.is_empty());
}

#[tokio::test]
async fn a_profile_in_the_file_is_the_file() {
    let text = format!("{HEAD}profiles:\n  test:\n    fake: {{ endpoint: evil }}\n");
    assert!(problems(&text, &Overrides::default()).await.is_empty(), "the profile isn't selected");
    let overrides = Overrides { profile: Some("test".to_owned()), ..Overrides::default() };
    let found = problems(&text, &overrides).await;
    assert_eq!((found.len(), found[0].place.as_ref().map(|at| at.line)), (1, Some(7)), "{found:?}");
}

#[tokio::test]
async fn flags_the_environment_and_the_sandbox_are_the_persons_own() {
    let evil = format!("{HEAD}fake: {{ endpoint: evil }}\n");
    for overrides in [
        environment(&[("CLOUDGRANT_FAKE__ENDPOINT", "mine")]),
        environment(&[("CLOUDGRANT_FAKE", r#"{"endpoint": "mine"}"#)]),
        Overrides {
            flags: vec![("fake.endpoint".to_owned(), "mine".into(), "--endpoint".to_owned())],
            ..Overrides::default()
        },
    ] {
        assert!(problems(HEAD, &overrides).await.is_empty(), "{overrides:?}");
        // It counts, not what the file says.
        assert!(problems(&evil, &overrides).await.is_empty(), "{overrides:?}");
    }
    // Beside it, the file's own is still the file's.
    let neighbour = environment(&[("CLOUDGRANT_FAKE__REGION", "mine")]);
    assert_eq!(problems(&evil, &neighbour).await.len(), 1);
    let session = open(HEAD, &Overrides::default()).await.expect("opens");
    session.overlaid(&json!({ "fake": { "endpoint": "https://127.0.0.1:1" } }), "the sandbox").await.expect("opens");
}

/// A folder with a manifest in a subfolder, and that manifest's problems with where the trail is.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("checkout")).expect("a folder");
        Self(folder)
    }

    fn checkout(&self) -> std::path::PathBuf {
        self.0.path().join("checkout")
    }

    fn load(&self, audit: &str, overrides: &Overrides) -> Loaded {
        let file = self.checkout().join("cloudgrant.yaml");
        Loaded::from_text(&format!("{HEAD}audit: {}\n", json!(audit)), &file, overrides).expect("loads")
    }

    async fn problem(&self, audit: &str) -> Option<String> {
        let session = Session::open(self.load(audit, &Overrides::default()), Settings::default()).await;
        session.err().map(|error| error.problems().iter().map(|problem| problem.to_string()).collect())
    }
}

#[tokio::test]
async fn a_files_audit_trail_stays_below_its_folder() {
    let folder = Folder::new();
    for fine in ["audit.jsonl", "./trails/audit.jsonl"] {
        assert_eq!(folder.problem(fine).await, None, "{fine}");
        let loaded = folder.load(fine, &Overrides::default());
        assert_eq!(loaded.audit(), Some(folder.checkout().join(fine)), "below the manifest, wherever the program runs");
    }
    for bad in ["/etc/cron.d/x", "../audit.jsonl", "trails/../../audit.jsonl", ""] {
        let said = folder.problem(bad).await.unwrap_or_default();
        assert!(said.contains(":5:1: audit: ") && said.contains("isn't below the manifest's folder"), "{bad}: {said}");
    }
    // The person's own may be anywhere, and is meant from where the program runs.
    let own = environment(&[("CLOUDGRANT_AUDIT", "../elsewhere.jsonl")]);
    let loaded = folder.load("/etc/cron.d/x", &own);
    assert_eq!(loaded.audit(), Some("../elsewhere.jsonl".into()));
    Session::open(loaded, Settings::default()).await.expect("opens");
}

#[tokio::test]
async fn a_files_audit_trail_steers_no_tool() {
    let folder = Folder::new();
    for bad in [".git/hooks/pre-commit", ".envrc.jsonl", "GNUmakefile", "a/.hidden/audit.jsonl", "notes.txt"] {
        let said = folder.problem(bad).await.unwrap_or_default();
        assert!(said.contains("begins with a dot, or doesn't end in `.jsonl`"), "{bad}: {said}");
    }
    assert_eq!(folder.problem(".cloudgrant/audit.jsonl").await, None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_files_audit_trail_follows_no_link_and_overwrites_nothing() {
    let folder = Folder::new();
    let outside = folder.0.path().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    let link = |name: &str, to: &Path| std::os::unix::fs::symlink(to, folder.checkout().join(name)).expect("a link");
    link("trails", &outside);
    link("audit.jsonl", &outside.join("not-there-yet"));
    for bad in ["trails/audit.jsonl", "audit.jsonl"] {
        let said = folder.problem(bad).await.unwrap_or_default();
        assert!(said.contains("goes through the symbolic link"), "{bad}: {said}");
    }
    std::fs::write(folder.checkout().join("notes.jsonl"), "not a trail").expect("written");
    let said = folder.problem("notes.jsonl").await.unwrap_or_default();
    assert!(said.contains("`notes.jsonl` is there, and isn't an audit trail"), "{said}");
    std::fs::create_dir(folder.checkout().join("folder.jsonl")).expect("a folder");
    assert!(folder.problem("folder.jsonl").await.is_some_and(|said| said.contains("isn't a file")));
    // A trail is gone on with.
    let trail = Trail::open(&folder.checkout().join("old.jsonl")).expect("opens");
    trail.append(Event::End { applied: 0, failed: 0, remaining: 0 }).expect("appends");
    drop(trail);
    assert_eq!(folder.problem("old.jsonl").await, None);
}

/// The network plugin, DNS and controllers run there: associated with a role of the stack's, they would lose their own.
#[tokio::test]
async fn no_task_code_gets_a_namespace_of_kubernetes_own() {
    let of = |projects: &str, domains: &str, more: &str| {
        format!(
            "version: 1\nstack: acme\nprovider: fake\n\
             platform: {{ kind: flyte, projects: [{projects}], domains: [{domains}]{more} }}\n"
        )
    };
    for (projects, domains, more, path, namespace) in [
        ("a", "b", ", namespace: kube-system, service_account: aws-node", "platform.namespace", "kube-system"),
        ("a", "b", ", namespace: \"kube-{domain}\"", "platform.namespace", "kube-b"),
        ("a", "b, kube-system", ", namespace: \"{domain}\"", "platform.domains[1]", "kube-system"),
        ("a, kube", "system, b", "", "platform.projects[1]", "kube-system"),
        ("kube-a", "b", "", "platform.projects[0]", "kube-a-b"),
    ] {
        let found = problems(&of(projects, domains, more), &Overrides::default()).await;
        let [problem] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(problem.path, path);
        assert!(problem.message.contains(&format!("`{namespace}`")), "{problem:?}");
        assert!(problem.hint.as_ref().is_some_and(|hint| hint.contains("`{project}-{domain}`")), "{problem:?}");
    }
    for (projects, domains, more) in [
        ("a, kubernetes", "kube-system, b", ""),
        ("kube-a", "b", ", namespace: flyte, service_account: \"{project}-{domain}\""),
        ("a", "b", ", namespace: kubeflow"),
        // The namespace is what is Kubernetes' own, and no project of such a name.
        ("kube", "b", ", namespace: \"{project}\""),
        ("kube", "b", ", namespace: \"{domain}-{project}\""),
        ("kube", "b", ", namespace: \"tasks-{project}-{domain}\""),
    ] {
        let found = problems(&of(projects, domains, more), &Overrides::default()).await;
        assert!(found.is_empty(), "{projects} {domains}{more}: {found:?}");
    }
}
