//! `cloudgrant providers`

use cloudgrant_core::{Result, platforms, providers};

use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::render::providers::{document, text};

pub(crate) fn run(shell: Shell<'_>) -> Result<Exit> {
    let (providers, platforms) = (providers()?, platforms()?);
    if shell.printer.is_json() {
        shell.printer.json(&document(&providers, &platforms))?;
    } else {
        shell.printer.data(&text(&providers, &platforms, shell.printer.width()))?;
    }
    Ok(Exit::Done)
}
