//! A session as commands use it: the manifest read, the sandbox started where one is wanted, progress, and Ctrl-C.

use std::net::{Ipv4Addr, SocketAddr};

use cloudgrant_core::{Error, ErrorKind, Note, Plan, Result, Session, Settings};

use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::sandbox::Sandboxes;
use crate::terminal::interrupt::Interrupts;
use crate::terminal::progress::Progress;
use crate::{manifest, sandbox};

/// For commands that make sense for every manifest.
pub(crate) fn unchecked(_: &Session) -> Result<()> {
    Ok(())
}

/// Adds to a plan that nothing is asked for: whoever forgot the grants would take it for a success.
pub(crate) fn tell_of_no_grants(plan: &mut Plan, session: &Session) {
    let manifest = &session.loaded().manifest;
    let asks = !(manifest.grants.is_empty() && manifest.registries.is_empty() && manifest.bindings.is_empty());
    if !asks && plan.deletes_without_grants().is_none() {
        let message =
            "the manifest grants nothing: it has no `grants` and no `registries`, so that no task code gets anything";
        plan.notes.insert(0, Note::warning(format!("stack {}", plan.stack), message));
    }
}

/// A session, and what it takes to work with it.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) session: &'a Session,
    pub(crate) progress: &'a Progress,
    pub(crate) interrupts: &'a mut Interrupts,
    /// Where the stack's own objects are, for people.
    pub(crate) place: String,
}

/// Reads the manifest, starts the sandbox where one is wanted, does the work, and stops the sandbox again. `check`
/// sees the session first, and can refuse what makes no sense for it.
///
/// # Errors
/// The manifest is wrong or the check refuses (then nothing was started), or the work's.
pub(crate) async fn with_session(
    shell: Shell<'_>,
    check: impl FnOnce(&Session) -> Result<()>,
    work: impl AsyncFnOnce(Work<'_>) -> Result<Exit>,
) -> Result<Exit> {
    let loaded = manifest::load(shell.global)?;
    let mut session = Session::open(loaded, Settings::default()).await?;
    check(&session)?;
    let provider = session.registration().id;
    let mut interrupts = Interrupts::listen()?;
    let mut running = None;
    if let Some(folder) = shell.global.sandbox_folder(provider) {
        let knobs = sandbox::knobs(shell.global)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = session.loaded().surroundings();
        let platform = session.platform().sandboxes();
        let started = Sandboxes::start(provider, platform, &folder, address, config, knobs).await?;
        shell.printer.say(&format!("Working in the sandbox, not in a real cloud: {}", folder.display()));
        session = session.overlaid(started.cloud.settings(), "the sandbox").await?.in_sandbox();
        if let Some(says) = started.of_platform() {
            session = session.with_platform_in_sandbox(&says)?;
        }
        shell.printer.here().answers(started.all().flat_map(|one| one.commands()).copied());
        running = Some((started, folder));
    } else if shell.global.faults.is_some() {
        return Err(Error::new(ErrorKind::Usage, "--faults works in a sandbox only").hint("add --sandbox"));
    } else if session.is_in_sandbox() {
        shell.printer.say("Working in the sandbox, not in a real cloud: its variables are set.");
    }
    let progress = Progress::new(shell.printer, provider);
    let place = session.place();
    let work = work(Work { session: &session, progress: &progress, interrupts: &mut interrupts, place });
    let result = tokio::select! {
        result = work => result,
        never = progress.tell_of_silence() => never,
    };
    progress.clear();
    let Some((running, folder)) = running else { return result };
    let result = match sandbox::begun_otherwise(&running.cloud, &folder) {
        Some(told) => of_another_world(shell, result, &told),
        None => result,
    };
    running.stop().await;
    result
}

/// Says of what failed in a sandbox that was begun with another account or tenant what it may come of: the errors of a cloud
/// name other reasons for that.
fn of_another_world(shell: Shell<'_>, result: Result<Exit>, told: &str) -> Result<Exit> {
    match &result {
        Ok(Exit::Failed) => shell.printer.warn(told),
        Err(error) if error.kind() != ErrorKind::Cancelled && !shell.printer.is_json() => shell.printer.warn(told),
        _ => {}
    }
    if shell.printer.is_json() { result.map_err(|error| error.with("sandbox", told)) } else { result }
}
