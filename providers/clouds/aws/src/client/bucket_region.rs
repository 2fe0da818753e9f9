//! Where a bucket is, as S3 says it with an error.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use cloudgrant_core::Result;

use crate::config::partition::answered_region;

/// The region in which a bucket is, where S3 answers that it isn't in that one.
///
/// # Errors
/// What S3 answers is no region.
pub(crate) fn elsewhere<E>(
    partition: &str,
    bucket: &str,
    error: &aws_sdk_s3::error::SdkError<E, HttpResponse>,
    region: &str,
) -> Result<Option<String>> {
    let found = error.raw_response().and_then(|answer| answer.headers().get("x-amz-bucket-region"));
    let found = found.filter(|found| *found != region);
    found.map(|found| answered_region(bucket, found, partition)).transpose()
}
