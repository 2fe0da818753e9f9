//! The `cloudgrant` command.
fn main() {}
