//! The sandbox as programs see it: requests over HTTPS.

mod apply;
mod client;
mod commands;
mod lifetime;
mod objects;
mod recorded;
mod reviews;
mod secrets;
mod tokens;
mod watch;

const NAMESPACE: &str = "forecasting-development";

/// The path of a service account.
fn account(name: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{name}")
}
