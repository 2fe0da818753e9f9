//! Where a stack is of which nothing was found: at other homes, or nowhere.

use std::collections::BTreeSet;

use cloudgrant_core::{Engine, Error, ErrorKind, Result, Stack, nearest};

use crate::command::session::Work;
use crate::command::shell::Shell;
use crate::render::stacks::Listed;

/// How many stacks are named.
const MOST_NAMED: usize = 5;

/// Why nothing is to be taken from a stack that was asked for by its name: it has other homes, or none. `None` where it is at
/// the manifest's home all the same. With whether it was asked for by its name, and the command that goes on with the same thing.
///
/// # Errors
/// The stacks can't be listed.
pub(super) async fn nothing_of(
    shell: Shell<'_>,
    work: &mut Work<'_>,
    engine: &Engine,
    stack: &Stack,
    (is_by_name, again): (bool, &str),
) -> Result<Option<Error>> {
    let stacks = work.interrupts.unless(engine.stacks(work.progress)).await?;
    work.progress.clear();
    let mut global = shell.global.clone();
    // Each command names it itself.
    global.stack = None;
    let named: Vec<_> = stacks.found.iter().filter(|found| found.name == *stack).collect();
    if named.iter().any(|found| found.is_this) {
        return Ok(None);
    }
    let list = global.repeated("stacks");
    if named.is_empty() {
        let message = format!("there is nothing of a stack {stack}: nothing was taken away");
        let there: BTreeSet<_> = stacks.found.iter().map(|found| found.name.as_str()).collect();
        let near = nearest(stack.as_str(), there.iter().copied());
        let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let hint = match (there.len(), stacks.unsearched.is_empty()) {
            // To list them would say so once more.
            (0, true) => {
                let place = &work.place;
                format!("there is no stack at all in {place}: check that the credentials are for the right account")
            }
            (0, false) => format!("no stack was found; `{list}` says what couldn't be searched"),
            (1..=MOST_NAMED, true) => format!("{near}there are: {}", Vec::from_iter(there).join(", ")),
            _ => format!("{near}`{list}` lists the stacks that there are"),
        };
        return Ok(Some(Error::new(ErrorKind::NotFound, message).hint(hint)));
    }
    let provider = work.session.registration().id;
    let homes: Vec<_> = named.iter().map(|found| found.home.as_str()).collect();
    let listed: Vec<_> = named.iter().map(|found| Listed::of(found, provider, &global)).collect();
    // What was asked for, at each of these homes: whoever names a grant doesn't mean the whole stack.
    let commands: Vec<_> = match is_by_name {
        true => listed.iter().filter_map(|one| one.take_back.clone()).collect(),
        false => {
            let again = global.repeated(again);
            listed.iter().filter_map(|one| Some(format!("{}{again}", one.variables.as_ref()?))).collect()
        }
    };
    // A line that is broken in two would be another command.
    let commands: Vec<_> = commands.iter().flat_map(|some| some.lines()).map(|one| format!("`{one}`")).collect();
    let blanks = listed.iter().flat_map(|one| &one.fill_in);
    let blanks: BTreeSet<_> = blanks.map(|(variable, what)| format!("\nfill in {variable}: {what}")).collect();
    let blanks: String = blanks.into_iter().collect();
    let hint = match commands.as_slice() {
        [] => format!("`{list}` says what is in the way there"),
        commands => {
            let what = if is_by_name { "take the stack back there" } else { "take it away there" };
            format!("{what}:\n{}{blanks}", commands.join("\n"))
        }
    };
    let message = format!("stack {stack} is at another home than the one meant here: nothing was taken away");
    Ok(Some(Error::new(ErrorKind::NotFound, message).with("home", homes.join("; ")).hint(hint)))
}
