//! What points other programs to the sandbox, and away from a person's own deployment: variables, and a configuration as flytectl
//! and uctl read it.

use std::fs;
use std::path::{Path, PathBuf};

use cloudgrant_sandbox_kit::{Result, SandboxError};

/// The file of the folder.
const FILE: &str = "config.yaml";

/// Writes the configuration anew: the address is another at each start.
pub(crate) fn write(folder: &Path, endpoint: &str) -> Result<PathBuf> {
    let file = folder.join(FILE);
    let failed = |error| SandboxError::new(format!("write {}", file.display())).source(error);
    // No link is followed.
    if fs::symlink_metadata(&file).is_ok() {
        fs::remove_file(&file).map_err(failed)?;
    }
    let address = endpoint.trim_start_matches("http://");
    let text = format!("# The sandbox of cloudgrant's.\nadmin:\n  endpoint: dns:///{address}\n  insecure: true\n");
    cloudgrant_sandbox_kit::server::tls::write_secret(&file, &text)?;
    Ok(file)
}

/// The variables. An API key would lead to the deployment that it names.
pub(crate) fn exports(endpoint: &str, configuration: &Path) -> Vec<(String, String)> {
    let configuration = configuration.display().to_string();
    let variables = [
        ("FLYTE_PLATFORM_URL", endpoint.to_owned()),
        ("FLYTE_PLATFORM_INSECURE", "true".to_owned()),
        ("FLYTECTL_CONFIG", configuration.clone()),
        ("UCTL_CONFIG", configuration),
        ("UNIONAI_API_KEY", String::new()),
        ("FLYTE_API_KEY", String::new()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}
