//! A cluster in trouble.

use crate::cluster::Cluster;
use crate::stack::{Run, Runs as _};

#[tokio::test]
async fn a_cluster_that_throttles_fails_and_cuts_is_asked_again() {
    let cluster = Cluster::start_with("throttle=0.2,errors=0.1,drop=0.2,seed=7", &[]).await;
    let report = Run::of(&cluster).apply().await;
    assert!(report.is_success(), "{report:?}");
    let report = Run::of(&cluster).revoke().await;
    assert!(report.is_success(), "{report:?}");
}
