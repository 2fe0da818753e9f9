//! Where there is no way to the cloud, that is said in seconds, with the reason.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{Folder, QUICKSTART};

/// A port of this machine where nobody listens.
fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// Runs a plan, and gives what it says.
fn refused(folder: &Folder, provider: &str) -> String {
    let said = failed(folder, provider);
    assert!(said.contains("hint: check the connection to"), "{said}");
    said
}

fn failed(folder: &Folder, provider: &str) -> String {
    let begun = Instant::now();
    let output = folder.output(&["plan", "--provider", provider]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}: {said}", begun.elapsed());
    assert!(said.contains("no connection"), "{said}");
    said
}

/// The same of a cloud, and where it was tried to go.
fn refused_at(folder: &Folder, provider: &str, place: &str) -> String {
    let said = refused(folder, provider);
    assert_names(&said, place);
    said
}

fn assert_names(said: &str, place: &str) {
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("cause: {place}: no connection: ")), "{said}");
}

fn aws(endpoint: &str) -> Folder {
    let folder = Folder::with(QUICKSTART).variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    folder.variable("AWS_SECRET_ACCESS_KEY", "none").variable("CLOUDGRANT_AWS__ENDPOINT", endpoint)
}

fn azure(endpoint: &str) -> Folder {
    let folder = Folder::with(QUICKSTART).variable("AZURE_CLIENT_ID", "00000000-0000-0000-0000-0000000000c1");
    let folder = folder.variable("AZURE_CLIENT_SECRET", "none").variable("CLOUDGRANT_AZURE__ENDPOINT", endpoint);
    folder.variable("CLOUDGRANT_AZURE__AUTHORITY", endpoint)
}

#[test]
fn where_nobody_listens() {
    let port = closed_port();
    let (place, encrypted) = (format!("http://127.0.0.1:{port}"), format!("https://127.0.0.1:{port}"));
    for (folder, provider, place) in [(aws(&place), "aws", place), (azure(&encrypted), "azure", encrypted)] {
        let said = failed(&folder, provider);
        assert_names(&said, &place);
        assert!(said.contains("Connection refused"), "{said}");
        assert_ended(&said, &place);
    }
}

/// That a sandbox is said to have ended: nobody has to look for what is wrong with the network.
fn assert_ended(said: &str, place: &str) {
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let told =
        format!("hint: nothing listens at {place}, on this machine. A sandbox that was served there may have ended");
    assert!(words.contains(&told) && words.contains("start it again with `cloudgrant sandbox"), "{said}");
    assert!(!said.contains("check the way"), "{said}");
}

/// As in a shell that still has the variables of a sandbox that was served from another one.
#[test]
fn where_a_sandbox_has_ended() {
    for provider in ["aws", "azure"] {
        let folder = Folder::with(QUICKSTART);
        let select = format!("provider: {provider}");
        folder.write("cloudgrant.yaml", QUICKSTART.replacen("provider: aws", &select, 1));
        let served = folder.output(&["sandbox", "-q", "--", "env"]);
        let variables = String::from_utf8(served.stdout).expect("text");
        let mut plan = folder.command(&["plan"]);
        plan.envs(variables.lines().filter_map(|line| line.split_once('=')));
        let output = plan.output().expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let endpoint = format!("CLOUDGRANT_{}__ENDPOINT=", provider.to_uppercase());
        let place = variables.lines().find_map(|line| line.strip_prefix(&endpoint)).expect("one");
        assert_ended(&said, place);
    }
}

/// It may be the proxy that nobody can reach: it is named, and its password isn't.
#[test]
fn where_no_proxy_is() {
    let proxy = format!("127.0.0.1:{}", closed_port());
    let place = "https://cloud.example";
    for (folder, provider) in [(aws(place), "aws"), (azure(place), "azure")] {
        let folder = folder.variable("https_proxy", &format!("http://ann:p4ssw0rd@{proxy}")).variable("no_proxy", "");
        let said = refused_at(&folder, provider, &format!("{place} (https_proxy is http://{proxy})"));
        assert!(!said.contains("p4ssw0rd"), "{said}");
    }
}

/// Credentials that are got on the way: where nobody gives them out, there is no way to AWS, and no lack of credentials.
#[test]
fn where_nobody_gives_credentials_out() {
    let proxy = format!("127.0.0.1:{}", closed_port());
    let folder = Folder::with(QUICKSTART).variable("https_proxy", &format!("http://{proxy}")).variable("no_proxy", "");
    folder.write("token", "a.web.identity");
    let folder = folder.variable("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
    let folder = folder.variable("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/deployer");
    let place = format!("https://sts.us-west-2.amazonaws.com (https_proxy is http://{proxy})");
    let said = refused_at(&folder, "aws", &place);
    assert!(!said.contains("log in") && said.matches("no connection").count() == 1, "{said}");
}

#[test]
fn where_a_name_is_not_known() {
    // Never a name (RFC 6761). Whether the resolver says so or doesn't answer at all, is the machine's: which one is asked stands in
    // /etc/resolv.conf alone, which takes root to play (`unshare --mount`, and another file in its place).
    refused(&aws("https://nowhere.invalid"), "aws");
    refused(&azure("https://nowhere.invalid"), "azure");
}

/// A cloud that takes the request and never answers: after ten seconds one knows what is waited for, and after the time for
/// one request, that nobody is there.
#[test]
fn where_the_cloud_is_silent() {
    use std::io::{BufRead, BufReader, Read};
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = format!("http://{}", listener.local_addr().expect("its address"));
    let folder = aws(&place);
    let mut command = folder.command(&["plan", "--provider", "aws"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().expect("the binary runs");
    let (begun, mut said) = (Instant::now(), String::new());
    let mut errors = BufReader::new(child.stderr.take().expect("its errors"));
    errors.read_line(&mut said).expect("a line");
    let waited = begun.elapsed();
    assert!(said.contains("aws") && said.contains("still waiting after 1"), "{said}");
    assert!((8..20).contains(&waited.as_secs()), "{waited:?}");
    errors.read_to_string(&mut said).expect("the rest");
    let waited = begun.elapsed();
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{said}");
    assert!(waited < Duration::from_secs(45), "{waited:?}");
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&format!("cause: {place}: no answer in time, and nothing ever came from there")), "{said}");
    assert!(words.contains("sts:GetCallerIdentity") && words.contains("hint: check the connection to AWS"), "{said}");
}

/// The same of both clouds, each by its own protocol: what each waits for, and how it ends, is alike.
#[test]
fn where_a_cloud_takes_requests_and_answers_none() {
    let silent = |provider: &str, cloud: &str| {
        let folder = Folder::with(QUICKSTART);
        let begun = Instant::now();
        let output = folder.output(&["plan", "--provider", provider, "--sandbox", "--faults", "hang=1"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(45), "it took {:?}: {said}", begun.elapsed());
        assert!(said.contains("still waiting after 10 s"), "{said}");
        assert!(said.contains("no answer in time, and nothing ever came from there"), "{said}");
        assert!(said.contains(&format!("hint: check the connection to {cloud}")), "{said}");
    };
    std::thread::scope(|both| {
        both.spawn(|| silent("aws", "AWS"));
        both.spawn(|| silent("azure", "Azure"));
    });
}

/// The same where no connection comes about: it is taken, and nothing is said, not even for TLS; a resolver that is silent is alike.
#[test]
fn where_aws_takes_connections_and_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = format!("https://{}", listener.local_addr().expect("its address"));
    let folder = aws(&place);
    let begun = Instant::now();
    let output = folder.output(&["plan", "--provider", "aws"]);
    let (waited, said) = (begun.elapsed(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(waited < Duration::from_secs(30), "it took {waited:?}: {said}");
    assert!(said.contains("hint: check the connection to AWS") && said.contains(&place), "{said}");
}

/// Azure is two places, and either takes connections and says nothing, not even for TLS. README says in which time that is given up.
#[test]
fn where_azure_takes_connections_and_says_nothing() {
    let [api, login] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let [api_at, login_at] = [&api, &login].map(|one| format!("https://{}", one.local_addr().expect("its address")));
    let silent = |authority: &str| {
        let folder = azure(&api_at).variable("CLOUDGRANT_AZURE__AUTHORITY", authority);
        let begun = Instant::now();
        let output = folder.output(&["plan", "--provider", "azure"]);
        let (waited, said) = (begun.elapsed(), String::from_utf8_lossy(&output.stderr).into_owned());
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(waited < Duration::from_secs(30), "it took {waited:?}: {said}");
        assert!(said.contains("there is no way to Azure") && said.contains(authority), "{said}");
    };
    std::thread::scope(|both| {
        both.spawn(|| silent(&api_at));
        both.spawn(|| silent(&login_at));
    });
}
