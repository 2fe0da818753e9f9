//! Manifests that are long enough to be read in pieces, on all cores, say what they would say as a whole.

use std::fmt::Write as _;
use std::path::Path;

use cloudgrant_core::Result;
use cloudgrant_core::manifest::{Loaded, Overrides};
use serde_json::{Value, json};

/// So many that each text below is longer than a MiB, from which on texts are cut.
const GRANTS: usize = 14_000;

const DOMAINS: [&str; 2] = ["development", "production"];

/// How a list of grants is written.
type Style = fn(&mut String, &str, &str);

/// Each with its ending.
const STYLES: [(&str, &str, Style); 4] = [
    ("blocks", "yaml", |text, name, domain| {
        _ = writeln!(
            text,
            "  - name: {name}\n    # of a domain\n    scope: {{ domain: {domain} }}\n    access:\n      data: read"
        );
    }),
    ("lines", "yaml", |text, name, domain| {
        _ = writeln!(text, "  - {{name: {name}, scope: {{domain: {domain}}}, access: {{data: read}}}}");
    }),
    ("tables", "toml", |text, name, domain| {
        _ = writeln!(text, "[[grants]]\nname = '{name}'\nscope.domain = '{domain}'\n[grants.access]\ndata = 'read'");
    }),
    ("lines", "toml", |text, name, domain| {
        _ = writeln!(text, "  {{ name = '{name}', scope = {{ domain = '{domain}' }}, access = {{ data = 'read' }} }},");
    }),
];

fn head(ending: &str) -> String {
    let platform = json!({ "kind": "flyte", "projects": ["vision"], "domains": DOMAINS });
    let resources = json!({ "data": { "fake": "store://data" } });
    match ending {
        "toml" => {
            let inline = |value: Value| value.to_string().replace("\":", "\"=");
            format!(
                "version = 1\nstack = 'acme'\nprovider = 'fake'\nfake.region = 'north'\nplatform = {}\nresources = {}\n",
                inline(platform),
                inline(resources)
            )
        }
        _ => format!(
            "version: 1\nstack: acme\nprovider: fake\nfake: {{region: north}}\nplatform: {platform}\nresources: {resources}\n"
        ),
    }
}

fn name(at: usize) -> String {
    format!("everybody-may-read-{at:05}")
}

fn text(style: &str, ending: &str, write: Style) -> String {
    let mut text = head(ending);
    let [begin, end] = match (style, ending) {
        (_, "yaml") => ["grants:\n", "bindings: []\n"],
        ("lines", _) => ["grants = [\n", "]\n"],
        _ => ["", ""],
    };
    text.push_str(begin);
    (0..GRANTS).for_each(|at| write(&mut text, &name(at), DOMAINS[at % 2]));
    text.push_str(end);
    assert!(text.len() > 1 << 20, "{style} of {ending} are {} bytes", text.len());
    text
}

fn load(text: &str, ending: &str) -> Result<Loaded> {
    Loaded::from_text(text, Path::new(&format!("m.{ending}")), &Overrides::default())
}

/// JSON isn't cut.
#[test]
fn what_is_read_in_pieces_is_what_is_read_as_a_whole() {
    let grant = |at| json!({ "name": name(at), "scope": { "domain": DOMAINS[at % 2] }, "access": { "data": "read" } });
    let whole = json!({
        "version": 1, "stack": "acme", "provider": "fake", "fake": { "region": "north" },
        "platform": { "kind": "flyte", "projects": ["vision"], "domains": DOMAINS },
        "resources": { "data": { "fake": "store://data" } },
        "grants": (0..GRANTS).map(grant).collect::<Vec<_>>(),
    });
    let whole = load(&whole.to_string(), "json").expect("a manifest").manifest;
    assert_eq!(whole.grants.len(), GRANTS);
    for (style, ending, write) in STYLES {
        let pieces = load(&text(style, ending, write), ending).expect("a manifest").manifest;
        assert!(pieces.grants == whole.grants, "{style} of {ending}");
        assert_eq!((pieces.resources, pieces.bindings), (whole.resources.clone(), whole.bindings.clone()));
    }
}

#[test]
fn what_is_wrong_in_a_piece_is_found_at_its_place_in_the_whole() {
    // One of each notation: to say what is wrong takes its time.
    for (style, ending, write) in STYLES.into_iter().step_by(2) {
        let text = text(style, ending, write);
        let at = text.find(&name(GRANTS - 2)).expect("the grant");
        let wrong =
            format!("{}{}", &text[..at], text[at..].replacen("read", "raed", 2).replacen("may-raed", "may-read", 1));
        let error = load(&wrong, ending).expect_err("a misspelt level").to_string();
        let line = wrong[..wrong.find("raed").expect("the level")].lines().count();
        let path = format!("grants[{}] ({}).access.data", GRANTS - 2, name(GRANTS - 2));
        assert!(error.contains(&path), "{style} of {ending}: {error}");
        assert!(error.contains(&format!("m.{ending}:{line}:")), "{style} of {ending}: {error}");
    }
}
