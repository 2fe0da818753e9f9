//! The data plane of blobs: what roles let somebody do, and the service's own errors.

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET};
use reqwest::{Method, StatusCode};

use crate::client::{Cloud, assertion, assertion_form, form};
use crate::{BLOB_READER, ISSUER, account, assignment, grant, guid};

const BLOB_CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

/// An answer: its status, the code of its error, and its body.
struct Said {
    status: StatusCode,
    code: String,
    body: String,
}

impl Said {
    #[track_caller]
    fn is(self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{} {}", self.code, self.body);
        self.body
    }

    #[track_caller]
    fn fails(self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.code.as_str()), (status, code), "{}", self.body);
        assert!(self.body.contains(&format!("<Code>{code}</Code>")), "{}", self.body);
    }
}

async fn token(cloud: &Cloud, form: &str) -> String {
    let storage = form.replace("management.azure.com", "storage.azure.com");
    let body = cloud.ask_token(DEFAULT_TENANT, &storage).await.is(200);
    body["access_token"].as_str().expect("a token").to_owned()
}

/// A token of a managed identity for storage.
async fn identity(cloud: &Cloud, name: &str) -> String {
    cloud.log_in_as(name).await;
    let (_, client) = cloud.ids(name).await;
    token(cloud, &assertion_form(&client, &assertion(ISSUER, "tests", "api://AzureADTokenExchange"))).await
}

async fn ask(cloud: &Cloud, token: &str, method: Method, path: &str, body: &str) -> Said {
    let url = format!("{}/{path}", cloud.running.endpoint());
    let mut request = cloud.http.request(method, url).header("x-ms-version", "2024-11-04");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if !body.is_empty() {
        request = request.header("x-ms-blob-type", "BlockBlob").body(body.to_owned());
    }
    let response = request.send().await.expect("an answer");
    let header = response.headers().get("x-ms-error-code").and_then(|code| code.to_str().ok());
    let code = header.unwrap_or_default().to_owned();
    Said { status: response.status(), code, body: response.text().await.expect("a body") }
}

#[tokio::test]
async fn a_role_on_a_container_reads_that_one_and_not_the_neighbour() {
    let cloud = Cloud::start("").await;
    let neighbour = format!("{}/blobServices/default/containers/private", account());
    cloud.place(serde_json::json!({"id": neighbour})).await;
    let inputs = format!("{}/blobServices/default/containers/inputs", account());
    let (writer, _) = cloud.ids("acme-production").await;
    cloud.put(&assignment(&account(), &guid(1)), grant(BLOB_CONTRIBUTOR, &writer)).await.is(201);
    let (reader, _) = cloud.ids("flyteuser-acme").await;
    cloud.put(&assignment(&inputs, &guid(2)), grant(BLOB_READER, &reader)).await.is(201);
    let (writer, reader) = (identity(&cloud, "acme-production").await, identity(&cloud, "flyteuser-acme").await);
    for container in ["inputs", "private"] {
        ask(&cloud, &writer, Method::PUT, &format!("acmetraining/{container}/a/one.txt"), "one").await.is(201);
    }
    assert_eq!(ask(&cloud, &reader, Method::GET, "acmetraining/inputs/a/one.txt", "").await.is(200), "one");
    let list = "?restype=container&comp=list&prefix=a/";
    let listed = ask(&cloud, &reader, Method::GET, &format!("acmetraining/inputs{list}"), "").await.is(200);
    assert!(listed.contains("<Name>a/one.txt</Name>") && listed.contains("<Content-Length>3<"), "{listed}");
    let denied = "AuthorizationPermissionMismatch";
    ask(&cloud, &reader, Method::GET, "acmetraining/private/a/one.txt", "").await.fails(403, denied);
    ask(&cloud, &reader, Method::GET, &format!("acmetraining/private{list}"), "").await.fails(403, denied);
    ask(&cloud, &reader, Method::PUT, "acmetraining/inputs/a/two.txt", "two").await.fails(403, denied);
    ask(&cloud, &reader, Method::DELETE, "acmetraining/inputs/a/one.txt", "").await.fails(403, denied);
    // A role on a container lists no account's containers, as whoever looks for one by listing them finds out.
    ask(&cloud, &reader, Method::GET, "acmetraining?comp=list", "").await.fails(403, denied);
    let listed = ask(&cloud, &writer, Method::GET, "acmetraining?comp=list&prefix=in", "").await.is(200);
    assert!(listed.contains("<Name>inputs</Name>") && !listed.contains("private"), "{listed}");
    ask(&cloud, &writer, Method::DELETE, "acmetraining/inputs/a/one.txt", "").await.is(202);
    ask(&cloud, &reader, Method::GET, "acmetraining/inputs/a/one.txt", "").await.fails(404, "BlobNotFound");
}

#[tokio::test]
async fn what_is_not_there_or_not_meant_is_refused() {
    let cloud = Cloud::start("").await;
    let (writer, _) = cloud.ids("acme-production").await;
    cloud.put(&assignment(&account(), &guid(1)), grant(BLOB_CONTRIBUTOR, &writer)).await.is(201);
    let writer = identity(&cloud, "acme-production").await;
    ask(&cloud, &writer, Method::GET, "acmetraining/nope?restype=container", "").await.fails(404, "ContainerNotFound");
    ask(&cloud, &writer, Method::PUT, "acmetraining/nope/a", "x").await.fails(404, "ContainerNotFound");
    ask(&cloud, &writer, Method::GET, "nobody/inputs/a", "").await.fails(404, "ResourceNotFound");
    let outputs = "acmetraining/outputs?restype=container";
    ask(&cloud, &writer, Method::PUT, outputs, "").await.is(201);
    ask(&cloud, &writer, Method::PUT, outputs, "").await.fails(409, "ContainerAlreadyExists");
    ask(&cloud, &writer, Method::DELETE, outputs, "").await.is(202);
    ask(&cloud, &writer, Method::GET, "acmetraining/inputs/a?comp=lease", "").await.fails(400, "UnsupportedOperation");
    ask(&cloud, "", Method::GET, "acmetraining/inputs/a", "").await.fails(401, "NoAuthenticationInformation");
    // The Owner of the account has no role for its data, and a token for another service is none for this one.
    let owner = token(&cloud, &form(CLIENT_ID, &[("client_secret", SECRET)])).await;
    ask(&cloud, &owner, Method::GET, "acmetraining/inputs/a", "").await.fails(403, "AuthorizationPermissionMismatch");
    ask(&cloud, &cloud.token, Method::GET, "acmetraining/inputs/a", "").await.fails(401, "InvalidAuthenticationInfo");
    cloud.knobs("throttle=1").await;
    ask(&cloud, &writer, Method::GET, "acmetraining/inputs/a", "").await.fails(503, "ServerBusy");
}
