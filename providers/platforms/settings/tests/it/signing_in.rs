//! Signing in is the control plane's, as for Flyte admin; Flyte 2 tells over Connect how.

use cloudgrant_core::ErrorKind;
use cloudgrant_flyte_sandbox::{Client, Seed, Services, SignIn};

use crate::deployment::{ACCOUNT, Deployment, VISION};
use crate::stack::{Run, Runs as _};

const SECRET: &str = "s e/c:r+et%";

async fn with(sign_in: SignIn, services: Services) -> Deployment {
    Deployment::start_with(Seed { sign_in, services, ..Deployment::seed() }, "").await
}

fn client() -> Client {
    Client { secret: SECRET.to_owned(), ..Client::default() }
}

fn signed_in(flyte: &Deployment, secret: &str) -> Run<'static> {
    let mut run = Run::of(flyte);
    run.variables.push(("FLYTE_CREDENTIALS_CLIENT_ID", "cloudgrant".to_owned()));
    run.variables.push(("FLYTE_CREDENTIALS_CLIENT_SECRET", secret.to_owned()));
    run
}

#[tokio::test]
async fn a_client_signs_in_once_a_run_as_either_of_the_two_ways_tells() {
    // Flyte 2 knows nothing of the REST API's way, and is asked once for that.
    for (services, asked) in [(Services::Settings, 3), (Services::Both, 2)] {
        for client in [client(), Client { header: "x-token".to_owned(), ..client() }] {
            let flyte = with(SignIn::Client(client.clone()), services).await;
            let report = signed_in(&flyte, SECRET).apply().await;
            assert!(report.is_success(), "{client:?}: {report:?}");
            assert_eq!(flyte.calls("auth:Token"), 1);
            assert_eq!(flyte.calls("auth:GetOAuth2Metadata") + flyte.calls("auth:GetPublicClientConfig"), asked);
        }
    }
}

#[tokio::test]
async fn who_does_not_sign_in_is_told_how() {
    let flyte = with(SignIn::Client(client()), Services::Settings).await;
    for run in [Run::of(&flyte), signed_in(&flyte, "wrong")] {
        let refused = run.plan().await.expect_err("nobody");
        assert_eq!(refused.kind(), ErrorKind::Credentials);
        assert!(!format!("{refused:?}").contains("wrong"), "{refused:?}");
    }
}

/// A deployment without authentication answers what tells of it with 404 or 501, and gets no token.
#[tokio::test]
async fn where_nobody_signs_in_nothing_is_sent() {
    for sign_in in [SignIn::Nobody, SignIn::Unimplemented] {
        let flyte = with(sign_in, Services::Settings).await;
        assert!(signed_in(&flyte, SECRET).apply().await.is_success());
        assert_eq!((flyte.runs_under(VISION).await, flyte.calls("auth:Token")), (ACCOUNT.into(), 0));
    }
}
