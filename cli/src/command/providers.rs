//! `cloudgrant providers`

use cloudgrant_core::{Result, providers};

use super::Shell;
use crate::exit::Exit;
use crate::render::providers::{document, text};

pub(crate) fn run(shell: Shell<'_>) -> Result<Exit> {
    let providers = providers()?;
    if shell.printer.is_json() {
        shell.printer.json(&document(&providers))?;
    } else {
        shell.printer.data(&text(&providers, shell.printer.width()))?;
    }
    Ok(Exit::Done)
}
