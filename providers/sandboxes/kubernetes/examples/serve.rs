//! Serves the sandbox to other programs: `serve FOLDER [SEED]`, where the state is kept in the folder and SEED is a file
//! with what the cluster begins with, in JSON. Says where it listens as one JSON document, and ends with Ctrl-C.

use std::error::Error;
use std::fs;
use std::io::Write;

use cloudgrant_kubernetes_sandbox::{Seed, start};
use cloudgrant_sandbox_kit::Start;
use serde_json::{Map, json};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: serve FOLDER [SEED]")?;
    let seed = match arguments.next() {
        Some(file) => Seed::read(&serde_json::from_slice(&fs::read(file)?)?)?,
        None => Seed::default(),
    };
    let running = start(Start::new(folder), &seed).await?;
    let exports: Map<_, _> = running.exports().iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let said = json!({"endpoint": running.endpoint(), "settings": running.settings(), "exports": exports});
    // Before anybody knows that it runs: an interrupt that comes while the first of these is asked for is lost.
    let mut interrupts = signal(SignalKind::interrupt())?;
    writeln!(std::io::stdout(), "{said}")?;
    interrupts.recv().await;
    running.stop().await;
    Ok(())
}
