//! The provider, connected to whatever a test has answer in AWS's place.

use std::path::Path;

use cloudgrant_core::Connect;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_flyte as _;
use cloudgrant_union as _;
use serde_json::json;

use crate::{Aws, Config};

const MANIFEST: &str = r#"
version: 1
stack: tests
provider: aws
platform: { kind: flyte, organization: acme, projects: [vision], domains: [production] }
aws: { region: us-west-2, account: "111122223333" }
"#;

/// The section of a manifest, with an address at which AWS is.
pub(crate) fn config(endpoint: &str) -> Config {
    let section = json!({
        "region": "us-west-2",
        "account": "111122223333",
        "credentials": "sandbox",
        "endpoint": endpoint,
    });
    serde_json::from_value(section).expect("a section")
}

/// The provider of a kind of platform, with a section.
pub(crate) async fn connected(platform: &str, config: Config) -> Aws {
    let text = MANIFEST.replace("kind: flyte", &format!("kind: {platform}"));
    let loaded = Loaded::from_text(&text, Path::new("cloudgrant.yaml"), &Overrides::default()).expect("a manifest");
    let context = loaded.context().expect("a platform");
    Aws::connect(context, config).await.expect("connected")
}
