//! `cloudgrant sandbox`

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use clap::Args;
use cloudgrant_core::{Error, ErrorKind, Result, Session, Settings};
use cloudgrant_sandbox_kit::Running;
use cloudgrant_sandbox_kit::knobs::KNOBS;
use cloudgrant_sandbox_kit::store::fixed_file;
use serde_json::{Value, json};

use crate::args::{Global, default_folder, manifest_file};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::FORMAT_VERSION;
use crate::render::wrapped;
use crate::sandbox::{Sandboxes, Tools};
use crate::terminal::interrupt::Interrupts;

const DETAILS: &str = "\
Prints what to export so that the cloud's own tool and SDKs (on AWS also Terraform) talk to the \
emulator, with commands to run once where a tool needs more than variables, and serves until Ctrl-C. \
With a command behind `--`, runs that command with these variables set, and without any other that \
leads to a real cloud, and ends with its exit code. The first command of az in there sets az up for the \
emulator, which takes some seconds.

What the manifest takes for granted is there from the start: secrets, registries, the platform's \
roles. Without a manifest, --provider says which cloud, and the emulator begins empty. To start over, delete \
the folder of its state.

Examples:
  cloudgrant sandbox
  cloudgrant sandbox -- aws iam list-roles
  cloudgrant sandbox --provider aws --faults throttle=0.1 -- ./my-script.sh";

/// How wide the list of faults is: its columns are made here, so it must fit every terminal.
const LIST_WIDTH: usize = 80;

/// How the variables begin by which clouds', clusters' and platforms' tools find credentials, profiles and endpoints: a program in the
/// sandbox gets none of a person's own, of whatever cloud. AWS:
/// <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>; Azure: azure-identity's `EnvironmentCredential`, the
/// endpoints of managed identities, and Terraform's `ARM_`; Kubernetes: kubectl's, a pod's, and Helm's; Flyte and
/// Union: flytekit's, flytectl's, uctl's, and API keys.
const LEADING_OUT: [&str; 13] = [
    "AWS_",
    "AZURE_",
    "ARM_",
    "IDENTITY_",
    "MSI_",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_",
    "HELM_KUBE",
    "FLYTE_",
    "FLYTECTL_",
    "UCTL_",
    "UNION_",
    "UNIONAI_",
];

/// Those among them that only say how something is shown.
const HARMLESS: [&str; 6] = [
    "AWS_PAGER",
    "AWS_CLI_AUTO_PROMPT",
    "AWS_DEFAULT_OUTPUT",
    "AZURE_CORE_OUTPUT",
    "AZURE_CORE_NO_COLOR",
    "AZURE_CORE_COLLECT_TELEMETRY",
];

/// By which cloudgrant starts a sandbox of its own. What runs in this one needs none, and in the same folder gets none.
const ANOTHER: &str = "CLOUDGRANT_SANDBOX";

/// Whether a program with this variable could leave the sandbox, be it for another one.
fn leads_out(name: &OsStr) -> bool {
    // Windows' names have no case.
    let name = name.to_string_lossy().to_uppercase();
    let is_of_a_cloud = LEADING_OUT.iter().any(|beginning| name.starts_with(beginning));
    name == ANOTHER || is_of_a_cloud && !HARMLESS.contains(&name.as_str())
}

/// The details, and the list of faults as the sandboxes know it.
fn more_help() -> String {
    let widest = KNOBS.iter().map(|(example, _)| example.len()).max().unwrap_or_default();
    let indent = widest + 4;
    let line = |(example, meaning): &(&str, &str)| {
        format!("  {example:widest$}  {}", wrapped(meaning, indent, indent, Some(LIST_WIDTH)))
    };
    let faults: Vec<_> = KNOBS.iter().map(line).collect();
    format!("{DETAILS}\n\nWhat --faults takes, separated by commas:\n{}", faults.join("\n"))
}

/// Serve the selected cloud's emulator to other programs
#[derive(Debug, Args)]
#[command(after_help = more_help())]
pub(crate) struct Options {
    /// The address to listen on; only this machine can reach it. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Where to keep the state [default: a folder of .cloudgrant/sandbox for each cloud]
    #[arg(long, value_name = "DIR", add = crate::args::complete::folders())]
    folder: Option<PathBuf>,

    /// A command to run with the variables set
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    if !options.listen.ip().is_loopback() {
        let message = format!("the sandbox can't listen on {}: other machines could reach it", options.listen);
        return Err(Error::new(ErrorKind::Usage, message).hint("use 127.0.0.1, with port 0 for any free port"));
    }
    let (provider, platform, config) = selected(shell.global).await?;
    let folder = options.folder.or_else(|| shell.global.sandbox_folder(&provider));
    let folder = folder.unwrap_or_else(|| default_folder(&provider));
    let knobs = crate::sandbox::knobs(shell.global)?;
    let mut interrupts = Interrupts::listen()?;
    let running = Sandboxes::start(&provider, platform, &folder, options.listen, config, knobs).await?;
    let endpoint = running.cloud.endpoint();
    shell.printer.say(&format!("{provider} sandbox at {endpoint}, state in {}", folder.display()));
    for (platform, running) in &running.platform {
        shell.printer.say(&format!("{platform} sandbox at {}", running.endpoint()));
    }
    if let Some(told) = crate::sandbox::begun_otherwise(&running.cloud, &folder) {
        shell.printer.warn(&told);
    }
    let variables = variables(&running, &folder, options.listen)?;
    let result = match options.command.split_first() {
        Some((program, arguments)) => {
            let tools = Tools::set_up(&running.setups(), &folder, program, &variables)?;
            tools.by_hand.iter().for_each(|setup| shell.printer.say(comments(&setup.commands).trim_end()));
            child(&tools, arguments, &variables, &mut interrupts).await
        }
        None => serve(shell, &provider, &folder, &running.cloud, variables, &mut interrupts).await,
    };
    running.stop().await;
    result
}

/// The provider, the sandboxes of its platform's, and the manifest from which the emulator takes what is there from the start.
async fn selected(global: &Global) -> Result<(String, Vec<&'static str>, Value)> {
    let wanted = global.provider.clone().or_else(|| std::env::var("CLOUDGRANT_PROVIDER").ok());
    if let (Some(provider), None, None) = (&wanted, &global.file, manifest_file::here()) {
        cloudgrant_core::provider(provider)?;
        return Ok((provider.clone(), Vec::new(), json!({})));
    }
    let session = Session::open(manifest::load(global)?, Settings::default()).await?;
    let platform = session.platform().sandboxes();
    Ok((session.registration().id.to_owned(), platform, session.loaded().surroundings()))
}

/// What other programs need: the cloud's own variables, the settings as cloudgrant itself reads them, and that there is no
/// proxy on the way.
///
/// # Errors
/// A file can't be written.
fn variables(running: &Sandboxes, folder: &Path, address: SocketAddr) -> Result<Vec<(String, String)>> {
    let mut variables = running.cloud.exports().to_vec();
    variables.extend(running.platform.iter().flat_map(|(_, platform)| platform.exports()).cloned());
    for (name, file, text) in NOWHERE {
        if !variables.iter().any(|(known, _)| known == name) {
            variables.push((name.to_owned(), nowhere(folder, file, text)?));
        }
    }
    variables.extend(crate::sandbox::without_proxy(address.ip(), |name| std::env::var(name).ok()));
    settings("CLOUDGRANT", running.cloud.settings(), &mut variables);
    Ok(variables)
}

/// By which programs find a cluster, and a deployment of Flyte or Union, with the file that leads nowhere. Without them, they take those
/// in the person's own files. Nobody listens on port 9 of this machine; with an empty file, kubectl tries port 8080.
const NOWHERE: [(&str, &str, &str); 3] = [
    ("KUBECONFIG", "no-cluster", NO_CLUSTER),
    ("FLYTECTL_CONFIG", "no-flyte", NO_FLYTE),
    ("UCTL_CONFIG", "no-flyte", NO_FLYTE),
];

const NO_CLUSTER: &str = "apiVersion: v1
kind: Config
clusters: [{ name: none-in-this-sandbox, cluster: { server: \"http://127.0.0.1:9\" } }]
contexts: [{ name: none-in-this-sandbox, context: { cluster: none-in-this-sandbox, user: nobody } }]
users: [{ name: nobody, user: {} }]
current-context: none-in-this-sandbox
";

const NO_FLYTE: &str = "admin:
  endpoint: dns:///127.0.0.1:9
  insecure: true
";

/// A file for where what it leads to isn't in the sandbox.
fn nowhere(folder: &Path, name: &str, text: &str) -> Result<String> {
    let failed = |error: std::io::Error| {
        let message = format!("can't write a file in {}", folder.display());
        Error::new(ErrorKind::Usage, message).with("cause", error)
    };
    let file = std::path::absolute(folder).map_err(failed)?.join(name);
    // One that a foreign checkout brings along could name a real cluster, or a command to run.
    fixed_file(&file, text).map_err(|error| crate::sandbox::failed(ErrorKind::Usage, &error))?;
    Ok(file.display().to_string())
}

fn settings(name: &str, value: &Value, variables: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let separator = if name == "CLOUDGRANT" { "_" } else { "__" };
                settings(&format!("{name}{separator}{}", key.to_uppercase()), value, variables);
            }
        }
        Value::String(text) => variables.push((name.to_owned(), text.clone())),
        other => variables.push((name.to_owned(), other.to_string())),
    }
}

async fn serve(
    shell: Shell<'_>,
    provider: &str,
    folder: &Path,
    running: &Running,
    mut variables: Vec<(String, String)>,
    interrupts: &mut Interrupts,
) -> Result<Exit> {
    if std::env::var_os(ANOTHER).is_some() {
        variables.push((ANOTHER.to_owned(), "no".to_owned()));
    }
    let setup = running.setup().map(|setup| setup.commands.as_slice()).unwrap_or_default();
    if shell.printer.is_json() {
        let exports: serde_json::Map<_, _> =
            variables.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        shell.printer.json(&json!({
            "format_version": FORMAT_VERSION,
            "command": "sandbox",
            "provider": provider,
            "endpoint": running.endpoint(),
            "folder": folder,
            "exports": exports,
            "setup": setup,
        }))?;
    } else {
        let lines = variables.iter().map(|(name, value)| format!("export {name}={}\n", cloudgrant_core::quoted(value)));
        shell.printer.data(&(lines.collect::<String>() + &comments(setup)))?;
    }
    shell.printer.say("Serving until Ctrl-C.");
    interrupts.next().await;
    Ok(Exit::Done)
}

/// The commands that set up other programs, such that whoever evaluates the exports doesn't run them.
fn comments(setup: &[String]) -> String {
    if setup.is_empty() {
        return String::new();
    }
    let lines = setup.iter().flat_map(|command| command.lines()).map(|line| format!("#   {line}\n"));
    format!("# Then, once:\n{}", lines.collect::<String>())
}

/// Runs another program. The first Ctrl-C reaches it as well as us: it decides what to do, and we wait for it.
async fn child(
    tools: &Tools<'_>,
    arguments: &[OsString],
    variables: &[(String, String)],
    interrupts: &mut Interrupts,
) -> Result<Exit> {
    let name = tools.asked.to_string_lossy().into_owned();
    let mut command = tokio::process::Command::new(&tools.program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| leads_out(name)) {
        command.env_remove(name);
    }
    command.envs(tools.path.iter().map(|path| ("PATH", path)));
    let mut child =
        command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value))).spawn().map_err(|error| {
            Error::new(ErrorKind::Usage, format!("can't run `{name}`"))
                .with("cause", error)
                .hint("check the command behind `--`")
        })?;
    let mut asked = false;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended,
            () = interrupts.next() => {
                if std::mem::replace(&mut asked, true) {
                    // It may have ended just now; then there is nothing to end.
                    let _ = child.start_kill();
                }
            }
        }
    };
    let status = ended
        .map_err(|error| Error::new(ErrorKind::Unexpected, format!("lost sight of `{name}`")).with("cause", error))?;
    Ok(Exit::Of(code(status)))
}

/// As shells do it: the program's code, or 128 and the signal that ended it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setup_commands_are_comments() {
        assert_eq!(comments(&[]), "");
        let commands = ["tool login \\\n  --here".to_owned(), "tool use sandbox".to_owned()];
        let text = comments(&commands);
        assert_eq!(text, "# Then, once:\n#   tool login \\\n#     --here\n#   tool use sandbox\n");
        assert!(text.lines().all(|line| line.starts_with('#')), "{text}");
    }
}
