//! Running the binary in a folder of its own, with nothing of the surrounding environment.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A manifest with a little of everything and nothing wrong with it.
pub(crate) const MANIFEST: &str = r#"version: 1
stack: acme-ml
provider: aws
platform:
  kind: union
  organization: acme
  projects: [forecasting, vision]
  domains: [staging, production]
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  training-data:
    aws: s3://acme-training/inputs/
  labels-token:
    aws: arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf
grants:
  - name: training-data
    scope: global
    access: { training-data: read }
  - name: forecasting-production
    scope: { project: forecasting, domain: production }
    access: { training-data: read-write, labels-token: read }
"#;

/// The quickstart's manifest.
pub(crate) const QUICKSTART: &str = include_str!("../../../examples/quickstart/cloudgrant.yaml");

/// A folder in which the binary is run.
pub(crate) struct Folder {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Folder {
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), variables: Vec::new() }
    }

    pub(crate) fn with(manifest: &str) -> Self {
        Self::with_file("cloudgrant.yaml", manifest)
    }

    pub(crate) fn with_file(name: &str, text: impl AsRef<[u8]>) -> Self {
        let folder = Self::empty();
        folder.write(name, text);
        folder
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).expect("the temporary folder is writable");
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in which the sandbox of AWS keeps something.
    pub(crate) fn state(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(".cloudgrant/sandbox/aws").join(name))
            .expect("a file of the sandbox's")
    }

    /// Every file of a folder in which the sandbox of AWS keeps things, by its name.
    pub(crate) fn states(&self, name: &str) -> std::collections::BTreeMap<String, String> {
        let folder = std::fs::read_dir(self.path().join(".cloudgrant/sandbox/aws").join(name)).expect("a folder");
        let names = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        names.map(|file| (file.clone(), self.state(&format!("{name}/{file}")))).collect()
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudgrant"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Everything that a person sees, as text.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        format!(
            "$ cloudgrant {}\nexit code: {}\n----- stdout -----\n{}----- stderr -----\n{}",
            arguments.join(" "),
            output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string()),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        )
    }
}

/// Compares with the snapshot, without what differs from run to run.
macro_rules! assert_looks {
    ($text:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(r"\d+(\.\d)? (ms|s)\)", "[TIME])");
        settings.add_filter(r"\d+ requests", "[N] requests");
        settings.add_filter(r"request id: \S+", "request id: [ID]");
        settings.add_filter(r#""requests": \d+"#, r#""requests": "[N]""#);
        settings.add_filter(r#""elapsed_ms": \d+"#, r#""elapsed_ms": "[TIME]""#);
        settings.add_filter(r"127\.0\.0\.1:[1-9]\d*", "127.0.0.1:[PORT]");
        settings.bind(|| insta::assert_snapshot!($text));
    }};
}
pub(crate) use assert_looks;

/// Says why a test doesn't run here: on standard error, and in the file from which `tests/run` makes its summary.
#[cfg(unix)]
pub(crate) fn say_skipped(why: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("notice: {why}\n").as_bytes()).expect("standard error");
    if let Some(file) = std::env::var_os("SKIP_NOTICES") {
        let mut notices =
            std::fs::OpenOptions::new().append(true).open(file).expect("the file that SKIP_NOTICES names");
        notices.write_all(format!("{why}\n").as_bytes()).expect("a notice");
    }
}
