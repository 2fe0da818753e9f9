//! Logs, on standard error, for those who want them.

use cloudgrant_core::{Error, ErrorKind, Result};
use tracing_subscriber::EnvFilter;

use crate::args::Global;
use crate::terminal::printer::Printer;

/// Starts logging if `-v` or `CLOUDGRANT_LOG` asks for it. Else there is nothing to set up, and it costs nothing.
///
/// # Errors
/// The filter can't be understood.
pub(crate) fn start(global: &Global, printer: &Printer) -> Result<()> {
    let variable = std::env::var("CLOUDGRANT_LOG").ok().filter(|text| !text.trim().is_empty());
    let filter = match (variable, global.verbose) {
        (Some(text), _) => text,
        (None, 0) => return Ok(()),
        (None, 1) => "cloudgrant=info".to_owned(),
        (None, 2) => "cloudgrant=debug".to_owned(),
        (None, _) => "debug,cloudgrant=trace".to_owned(),
    };
    let filter = EnvFilter::try_new(&filter).map_err(|error| {
        Error::new(ErrorKind::Usage, format!("can't understand the log filter `{filter}`"))
            .with("cause", error)
            .hint("write CLOUDGRANT_LOG=debug, or CLOUDGRANT_LOG=cloudgrant_aws=trace")
    })?;
    let printer = printer.clone();
    // Whoever calls `main` as a library may have a subscriber already; theirs stays.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || printer.clone()).try_init();
    Ok(())
}
