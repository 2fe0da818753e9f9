//! The provider, connected to whatever a test has answer in Azure's place.

use std::path::Path;

use cloudgrant_core::Connect;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_flyte as _;
use cloudgrant_union as _;

use crate::{Azure, Config};

const MANIFEST: &str = r#"
version: 1
stack: tests
provider: azure
platform: { kind: flyte, organization: acme, projects: [vision], domains: [production] }
azure:
  tenant: 00000000-0000-0000-0000-000000000001
  subscription: 00000000-0000-0000-0000-000000000002
  resource_group: dataplane
"#;

/// The provider of a kind of platform, with a section.
pub(crate) async fn connected(platform: &str, config: Config) -> Azure {
    let text = MANIFEST.replace("kind: flyte", &format!("kind: {platform}"));
    let loaded = Loaded::from_text(&text, Path::new("cloudgrant.yaml"), &Overrides::default()).expect("a manifest");
    let context = loaded.context().expect("a platform");
    Azure::connect(context, config).await.expect("connected")
}
