//! What the README shows is what one sees.

use crate::support::Folder;

const README: &str = include_str!("../../../README.md");
const FIRST: &str = include_str!("../../../examples/first/cloudgrant.yaml");

/// What stands between two marks.
fn block(name: &str) -> &'static str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = README.find(&begin).expect("the mark is there") + begin.len();
    let to = README[from..].find(&end).expect("the block ends") + from;
    &README[from..to]
}

#[test]
fn the_manifest_is_the_examples() {
    assert_eq!(block("manifest"), format!("```yaml\n{FIRST}```\n"));
}

#[test]
fn the_plan_is_what_one_sees() {
    let folder = Folder::with_file("cloudgrant.yaml", FIRST);
    let output = folder.output(&["plan", "--sandbox"]);
    let seen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(block("plan"), format!("```diff\n{seen}```\n"));
}

#[test]
fn the_matrix_is_what_providers_says() {
    let output = Folder::empty().output(&["providers"]);
    let seen = String::from_utf8(output.stdout).expect("text");
    assert_eq!(block("providers"), format!("```\n{seen}```\n"));
}
