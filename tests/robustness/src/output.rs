//! What a person reads who ran the tests: figures, which the test runner shows on request and on failure.

use std::io::Write as _;

/// Says something.
pub fn say(line: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "{line}");
}
