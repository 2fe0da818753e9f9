//! The program and the sandbox as processes of their own.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::cloud::Doing;
use crate::http;

/// `cloudgrant sandbox`, and what makes other programs talk to it.
#[derive(Debug)]
pub struct Sandbox {
    child: Child,
    endpoint: String,
    exports: Vec<(String, String)>,
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    // Nothing of the caller's own settings.
    command.env_clear().env("HOME", folder).env("AWS_EC2_METADATA_DISABLED", "true");
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

impl Sandbox {
    /// Starts it in a folder that holds the manifests as `first.yaml` and `second.yaml`, with its state in `state`.
    ///
    /// # Panics
    /// It doesn't start.
    pub async fn start(program: &Path, folder: &Path, knobs: &str) -> Self {
        let mut command = command(program, folder);
        command.args(["sandbox", "--output", "json", "--quiet", "--faults", knobs]);
        command.arg("--folder").arg(folder.join("state")).arg("--file").arg(folder.join("first.yaml"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the sandbox starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut text = String::new();
        let said: Value = loop {
            let line = lines.next_line().await.expect("readable");
            let Some(line) = line else {
                let output = child.wait_with_output().await.expect("an end");
                panic!("the sandbox ended: {text}{}", String::from_utf8_lossy(&output.stderr));
            };
            text += &line;
            text.push('\n');
            if let Ok(said) = serde_json::from_str(&text) {
                break said;
            }
        };
        let exports = said["exports"].as_object().into_iter().flatten();
        let exports = exports.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
        let endpoint = said["endpoint"].as_str().expect("an endpoint").to_owned();
        Self { child, endpoint, exports: exports.collect() }
    }

    /// Asks a management endpoint.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> String {
        http::ask(&self.endpoint, method, path, body).await
    }

    /// How many requests there were.
    ///
    /// # Panics
    /// It doesn't say.
    pub async fn requests(&self) -> u64 {
        let counts: Value = serde_json::from_str(&self.ask("GET", "/_sandbox/requests", "").await).expect("JSON");
        counts["total"].as_u64().expect("a number")
    }

    /// Waits until a request is held, and tells whether one is before that many seconds are over.
    pub async fn holds(&self, request: u64, carried_out: bool, client: &mut Child) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let held: Value = serde_json::from_str(&self.ask("GET", "/_sandbox/held", "").await).expect("JSON");
            let is_it = |held: &Value| held["sequence"] == request && held["carried_out"] == carried_out;
            if held["held"].as_array().into_iter().flatten().any(is_it) {
                return true;
            }
            if client.try_wait().expect("a child").is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
        false
    }

    /// Starts the program against it.
    ///
    /// # Panics
    /// It doesn't start.
    pub fn client(&self, program: &Path, folder: &Path, doing: Doing) -> Child {
        let mut command = command(program, folder);
        command.envs(self.exports.iter().map(|(name, value)| (name, value)));
        let (verb, file): (&[&str], _) = match doing {
            Doing::Apply => (&["apply", "--yes"], "first.yaml"),
            Doing::Change => (&["apply", "--yes"], "second.yaml"),
            Doing::Revoke => (&["revoke", "--all", "--yes"], "first.yaml"),
        };
        command.args(verb).arg("--file").arg(folder.join(file)).current_dir(folder);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Ends it.
    ///
    /// # Panics
    /// It can't be ended.
    pub async fn end(mut self) {
        self.child.kill().await.expect("ended");
    }
}
