//! The built binary, run as people run it: exit code, standard output and standard error in one snapshot.

mod help;
mod json;
mod refusals;
mod sandbox;
mod support;
