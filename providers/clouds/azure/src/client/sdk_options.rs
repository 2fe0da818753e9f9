//! How the SDK sends requests.

use std::sync::Arc;

use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport as SdkTransport};
use azure_core::time::Duration;

use crate::client::complete_response::CompleteResponse;
use crate::client::transport::Transport;

/// How often to try again, and how long: the engine in core does the long waits. Source of the defaults: the service's
/// own guidance to start below a second and to double.
pub(crate) fn sdk_options(transport: &Arc<Transport>) -> ClientOptions {
    ClientOptions {
        per_try_policies: vec![Arc::new(CompleteResponse)],
        transport: Some(SdkTransport::new(transport.clone())),
        retry: RetryOptions::exponential(ExponentialRetryOptions {
            initial_delay: Duration::milliseconds(120),
            max_retries: 5,
            max_total_elapsed: Duration::seconds(15),
            max_delay: Duration::seconds(2),
        }),
        ..Default::default()
    }
}
