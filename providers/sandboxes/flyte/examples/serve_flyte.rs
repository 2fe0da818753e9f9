//! Serves until its standard input ends: `serve_flyte FOLDER SEED`, where the seed is JSON such as `{"projects": ["vision"]}`. The first
//! line that it writes is its address.

use std::error::Error;
use std::io::{Read as _, Write as _};

use cloudgrant_flyte_sandbox::{Seed, start_with};
use cloudgrant_sandbox_kit::Start;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(seed)) = (arguments.next(), arguments.next()) else {
        return Err("name a folder, and a seed".into());
    };
    let seed: Seed = serde_json::from_str(&seed)?;
    let running = start_with(Start::new(folder), seed).await?;
    writeln!(std::io::stdout(), "{}", running.endpoint())?;
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    ended.await??;
    running.stop().await;
    Ok(())
}
