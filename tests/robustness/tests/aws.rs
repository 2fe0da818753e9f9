//! AWS.

use cloudgrant_robustness::aws::Aws;

cloudgrant_robustness::proofs!(Aws);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_late_write_overwrites_is_put_back() {
    for action in ["ecr:SetRepositoryPolicy", "s3:PutBucketPolicy", "kms:PutKeyPolicy"] {
        let writes = cloudgrant_robustness::late::beside_a_person(&Aws, action).await;
        assert!(writes >= 2, "{action}: {writes}");
        cloudgrant_robustness::output::say(&format!(
            "{action}: {writes} writes came late, over a person's edit each, and put it back"
        ));
    }
}
