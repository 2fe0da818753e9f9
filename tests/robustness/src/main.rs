//! The command line with the providers and sandboxes of these tests, to be killed.

use cloudgrant_robustness as _;

fn main() -> std::process::ExitCode {
    cloudgrant_cli::main()
}
