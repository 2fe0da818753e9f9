//! Writes that Azure carries out after it has answered: the answer names where to ask how far it is.
//!
//! Source: Azure documentation, "Track asynchronous Azure operations": `Azure-AsyncOperation` with a `status`, or `Location` with status
//! 202 until it is done; `Retry-After` says when to ask again.

use std::time::{Duration, Instant};

use azure_core::http::headers::{CONTENT_TYPE, HeaderName, Headers};
use azure_core::http::{Method, Request, StatusCode, Url};
use cloudgrant_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::client::throttling::retry_after;
use crate::client::{Arm, unreadable};
use crate::error::call::Call;
use crate::error::line;

const OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");
const LOCATION: HeaderName = HeaderName::from_static("location");

/// How long is waited between two questions where Azure says nothing.
const PAUSE: Duration = Duration::from_secs(2);
/// How long one write is waited for; the engine comes back to what takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where to ask how far a write is, and how its end is told.
#[derive(Debug)]
enum Progress {
    /// It is done.
    Done,
    /// The answer's body has a status.
    Operation(String, Option<Duration>),
    /// The answer's status is 202 until it is done.
    Location(String, Option<Duration>),
}

impl Progress {
    /// What an answer to a write says.
    fn of(status: StatusCode, headers: &Headers) -> Self {
        let pause = retry_after(headers);
        if let Some(url) = headers.get_optional_str(&OPERATION) {
            return Self::Operation(url.to_owned(), pause);
        }
        match headers.get_optional_str(&LOCATION) {
            Some(url) if status == StatusCode::Accepted => Self::Location(url.to_owned(), pause),
            _ => Self::Done,
        }
    }
}

#[derive(Deserialize)]
struct Operation {
    status: String,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

impl Arm {
    /// Makes or replaces an object, and waits until that is carried out.
    ///
    /// # Errors
    /// As [`Arm::put`], and as waiting for it has it.
    pub(crate) async fn put_and_wait(&self, call: &Call<'_>, version: &str, body: &impl Serialize) -> Result<()> {
        self.write_and_wait(call, version, Method::Put, body).await
    }

    /// Writes an object by a method, and waits until that is carried out.
    ///
    /// # Errors
    /// As [`Arm::put`], and as waiting for it has it.
    pub(crate) async fn write_and_wait(
        &self,
        call: &Call<'_>,
        version: &str,
        method: Method,
        body: &impl Serialize,
    ) -> Result<()> {
        let mut request = self.wire().request(call.object, version, method)?;
        let json = serde_json::to_vec(body)
            .map_err(|error| call.error(ErrorKind::Unexpected, "the request can't be written").source(error))?;
        request.insert_header(CONTENT_TYPE, "application/json");
        request.set_body(json);
        let answer = self.wire().exchange(call, &mut request).await?.found()?;
        self.carried_out(call, Progress::of(answer.status(), answer.headers())).await
    }

    /// Waits until a write is carried out.
    ///
    /// # Errors
    /// It failed; or it isn't carried out yet ([`ErrorKind::NotYet`]).
    async fn carried_out(&self, call: &Call<'_>, mut progress: Progress) -> Result<()> {
        let begun = Instant::now();
        loop {
            let (url, pause, has_status) = match progress {
                Progress::Done => return Ok(()),
                Progress::Operation(url, pause) => (url, pause, true),
                Progress::Location(url, pause) => (url, pause, false),
            };
            let pause = pause.unwrap_or(PAUSE);
            if begun.elapsed() + pause > PATIENCE {
                return Err(call.error(ErrorKind::NotYet, "Azure is still carrying it out"));
            }
            tokio::time::sleep(pause).await;
            let place: Url = self.wire().endpoint().join(&url).map_err(|error| {
                call.error(ErrorKind::Unexpected, "Azure's link to the operation is no URL").with("cause", error)
            })?;
            let answer = self.wire().exchange(call, &mut Request::new(place, Method::Get)).await?.found()?;
            let pause = retry_after(answer.headers());
            progress = if has_status {
                let operation: Operation =
                    serde_json::from_slice(answer.body()).map_err(|error| unreadable(call, &error))?;
                match ended(call, operation)? {
                    true => Progress::Done,
                    false => Progress::Operation(url, pause),
                }
            } else {
                match answer.status() {
                    StatusCode::Accepted => Progress::Location(url, pause),
                    _ => Progress::Done,
                }
            };
        }
    }
}

/// Whether an operation has ended well.
fn ended(call: &Call<'_>, operation: Operation) -> Result<bool> {
    match operation.status.to_ascii_lowercase().as_str() {
        "succeeded" => Ok(true),
        "failed" | "canceled" => {
            let Failure { code, message } =
                operation.error.unwrap_or(Failure { code: String::new(), message: String::new() });
            Err(failed(call, &operation.status, &code, &message))
        }
        // Services have words of their own for what is under way.
        _ => Ok(false),
    }
}

fn failed(call: &Call<'_>, status: &str, code: &str, message: &str) -> Error {
    let said = if message.is_empty() { status } else { message };
    let error = call.error(ErrorKind::Unexpected, format!("Azure didn't carry it out: {}", line(said)));
    if code.is_empty() { error } else { error.with("code", line(code)) }
}
